import assert from 'node:assert/strict'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClassReport } from '../../../packages/engine/test/crash/class-report.ts'
import { isUnmade } from './left-files.ts'
import { RecordedAnswers, syncedVersion } from './recorded-answers.ts'
import { RecordedDisk } from './recorded-disk.ts'
import type { Recording } from './recording.ts'
import { readTrace, stringsOf, type TraceEvent } from './trace.ts'

/** An event of a recording at which what may be left, or what must be, has become another. */
export interface Moment {
  /** Names it within its recording: the life and the place in its trace. */
  readonly name: string
  readonly number: number
  /** As of this moment; it changes with the next one. */
  readonly disk: RecordedDisk
  /** The highest version that a client was told is synced. */
  readonly acknowledged: number
}

/** Plays a recording. Throws for an answer that left too early, and for a call that the replay does not know. */
export function* momentsOf(
  directory: string,
  { root, lives }: Recording,
  report?: ClassReport,
): Generator<Moment, void, undefined> {
  const disk = new RecordedDisk(root)
  let number = 0
  let acknowledged = 0
  let synced = 0
  for (const [place, { trace, isAlways, sent, left: leftFiles }] of lives.entries()) {
    const requests = new Map(sent)
    const answers = new RecordedAnswers(
      (port, id) => requests.get(`${port}/${id}`),
      isAlways,
      synced,
    )
    for (const [at, event] of readTrace(join(directory, trace)).entries()) {
      if (isUnmade(event.call, leftFiles)) continue
      if (report !== undefined) count(event, report)
      const hasChanged = disk.take(event)
      const left = answers.take(event)
      report?.count('answers', left.length)
      const before = acknowledged
      for (const { request, answer } of left) {
        acknowledged = Math.max(acknowledged, syncedVersion(request, answer) ?? 0)
      }
      if (!hasChanged && acknowledged === before) continue
      yield { name: `${place + 1}:${at}`, number: number++, disk, acknowledged }
    }
    disk.endProcess()
    synced = answers.synced
    report?.count('syncs', answers.syncs)
  }
  checkReplay(disk, root)
}

/** The replay has come to where the server did. */
function checkReplay(disk: RecordedDisk, root: string): void {
  const replayed = disk.seen()
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
    lstatSync(join(root, path)).isFile(),
  )
  assert.deepEqual(paths.map((path) => `/${path}`).sort(), [...replayed.keys()].sort())
  for (const path of paths) {
    const isSame = readFileSync(join(root, path)).equals(replayed.get(`/${path}`)!)
    assert(isSame, `${path} is not what the replay says it is`)
  }
}

function count({ type, call }: TraceEvent, report: ClassReport): void {
  if (type === 'begin' || call.error !== undefined || call.name !== 'rename') return
  report.count('renames')
  // The last step of a merge, and one of the creation of a store.
  if (stringsOf(call)[1]?.toString().endsWith('/MANIFEST') === true) report.count('merges')
}
