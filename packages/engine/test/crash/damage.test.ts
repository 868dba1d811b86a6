/**
 * C5: files damaged at rest. A damaged store either opens, and no answer is ever wrong, or it refuses with
 * KV_CORRUPT_STORE and leaves every byte as it found it.
 */
import { describe, expect, test } from 'vitest'
import { HintEntryView, hintHeaderBytes } from '../../src/hint.ts'
import { lastMark } from '../../src/mark.ts'
import { recordKind } from '../../src/record.ts'
import { segmentFooterBytes } from '../../src/segment.ts'
import { damages, firstDifference, sameBytes } from '../damage.ts'
import { ClassReport } from './class-report.ts'
import { type Allowed, checkDamaged } from './damaged-store.ts'
import { markDamage } from './mark-damage.ts'
import {
  closedFixture,
  directory,
  imagedFixture,
  imagePath,
  killedFixture,
  type StoreFixture,
} from './store-fixture.ts'

type Files = ReadonlyMap<string, Uint8Array>
type Kind = (typeof damages)[number][0]

const seed = 9
const report = new ClassReport('C5', seed)
const closed = await closedFixture(seed)
const killed = await killedFixture(seed)
const imaged = await imagedFixture(seed)
/** What of the damage to a store that differs from another by its image only is tried: one in so many. */
const imagedStride = 41
/** Marks are alike: of the damage to them one in so many is tried. */
const marksStride = 3

test('the stores have what is to be damaged', () => {
  const paths = [...closed.files.keys()]
  expect(paths.filter(isLogSegment).length).toBeGreaterThanOrEqual(4)
  expect(
    paths.filter((path) => path.startsWith(`${directory}/data/`) && !isHint(path)).length,
  ).toBeGreaterThanOrEqual(2)
  expect(paths.filter(isHint).length).toBeGreaterThanOrEqual(5)
  expect(tombstonesInOutputs(closed)).toBeGreaterThanOrEqual(1)
  expect(closed.mark.offset).toBe(closed.files.get(closed.active)!.length)
  expect(killed.mark).toMatchObject({ segment: Number(/([0-9]+)\.data/.exec(killed.active)![1]) })
  expect(killed.history.version - killed.mark.index).toBeGreaterThanOrEqual(3)
})

describe.each([closed, killed, imaged])('a $name store', (fixture) => {
  const { files } = fixture
  const paths = [...files.keys()]
  const hints = paths.filter(isHint)
  // What the first two have in common is damaged in one of them.
  const own = paths.filter((path) => fixture !== killed || !isInClosed(path, files.get(path)!))

  test.each(own)('damage inside %s', async (path) => {
    const stride = fixture === imaged ? imagedStride : isMarks(path) ? marksStride : 1
    const whole = files.get(path)!
    let turn = 0
    for (const [kind, damage] of damages) {
      for (const bytes of isMarks(path) ? markDamage(whole, damage) : damage(whole)) {
        if (++turn % stride !== 0 || sameBytes(bytes, whole)) continue
        const allowed = allowedInside(fixture, path, bytes)
        await check(kind, damage.name, fixture, new Map(files).set(path, bytes), allowed)
      }
    }
  })

  test('a file is gone', async () => {
    for (const path of paths) {
      await checkFiles(`no ${path}`, fixture, without(files, [path]), allowedInPlaceOf(path))
    }
  })

  test('files are gone together', async () => {
    await checkFiles('no hints', fixture, without(files, hints), 'unharmed')
    const shortcuts = [...hints, imagePath]
    await checkFiles('no shortcuts', fixture, without(files, shortcuts), 'unharmed')
    for (const folder of ['log', 'data']) {
      const inside = paths.filter((path) => path.startsWith(`${directory}/${folder}/`))
      await checkFiles(`nothing in ${folder}`, fixture, without(files, inside), 'refuses')
      const rest = paths.filter((path) => !inside.includes(path))
      await checkFiles(`nothing but ${folder}`, fixture, without(files, rest), 'refuses')
    }
  })

  test('a file holds what another one should', async () => {
    for (const from of paths) {
      for (const to of paths.filter((path) => path !== from)) {
        const copied = new Map(files).set(to, files.get(from)!)
        await checkFiles(`${to} holds ${from}`, fixture, copied, allowedInPlaceOf(to))
        if (from > to) continue
        const swapped = copied.set(from, files.get(to)!)
        const allowed = isShortcut(from) ? allowedInPlaceOf(to) : 'refuses'
        await checkFiles(`${from} and ${to} swapped`, fixture, swapped, allowed)
      }
    }
  })

  test('a file stands there twice', async () => {
    for (const path of paths) {
      for (const [name, allowed] of strayNames(fixture)) {
        const stray = new Map(files).set(`${directory}/${name}`, files.get(path)!)
        await checkFiles(`${name} holds ${path}`, fixture, stray, allowed)
      }
    }
  })
})

test('enough was damaged', () => {
  report.finish({ cuts: 8_000, flips: 64_000, others: 16_000 })
})

function checkFiles(
  what: string,
  fixture: StoreFixture,
  files: Files,
  allowed: Allowed,
): Promise<void> {
  return check('others', what, fixture, files, allowed)
}

async function check(
  kind: Kind,
  what: string,
  fixture: StoreFixture,
  files: Files,
  allowed: Allowed,
): Promise<void> {
  for (const counted of ['cases', 'faults', kind]) report.count(counted)
  try {
    await checkDamaged(fixture, files, allowed)
  } catch (error) {
    throw new Error(`${what}, ${allowed}: ${(error as Error).message}`, { cause: error })
  }
}

function tombstonesInOutputs({ files }: StoreFixture): number {
  const entry = new HintEntryView()
  let tombstones = 0
  for (const [path, bytes] of files) {
    if (!path.startsWith(`${directory}/data/`) || !isHint(path)) continue
    const hint = Buffer.from(bytes)
    for (let at = hintHeaderBytes; at < hint.length; ) {
      at = entry.read(hint, at, hint.length)
      if (entry.kind === recordKind.tombstone) tombstones++
    }
  }
  return tombstones
}

function isInClosed(path: string, bytes: Uint8Array): boolean {
  const other = closed.files.get(path)
  return other !== undefined && sameBytes(bytes, other)
}

/** What may become of a store where `path` holds `bytes` instead. */
function allowedInside(
  { files, mark, active }: StoreFixture,
  path: string,
  bytes: Uint8Array,
): Allowed {
  const whole = files.get(path)!
  const from = firstDifference(whole, bytes)
  if (isShortcut(path)) return 'unharmed'
  // Older marks are weaker evidence, and that is all.
  if (isMarks(path)) return lastMark(Buffer.from(bytes)) === undefined ? 'refuses' : 'unharmed'
  if (path === active) return from < mark.offset ? 'refuses' : 'prefix'
  // What a sealed segment holds shows without its footer, which is written again.
  if (isLogSegment(path)) return from < whole.length - segmentFooterBytes ? 'tells' : 'unharmed'
  return path.startsWith(`${directory}/data/`) ? 'tells' : 'refuses'
}

/** What may become of a store where `path` is gone or quite another file. */
function allowedInPlaceOf(path: string): Allowed {
  return isShortcut(path) ? 'unharmed' : 'refuses'
}

/** Names that no file of the store has, and what may become of it where one appears. */
function strayNames(fixture: StoreFixture): [name: string, allowed: Allowed][] {
  const end = String(fixture.history.version + 1).padStart(16, '0')
  return [
    ['log/0000000000000001.data', 'unharmed'],
    [`log/${end}.data`, 'refuses'],
    ['log/0000000000009999.data', 'refuses'],
    [`log/${end}.hint`, 'unharmed'],
    ['log/next', 'unharmed'],
    ['log/other', 'unharmed'],
    ['data/0000000000000099.data', 'unharmed'],
    ['data/0000000000000099.hint', 'unharmed'],
    ['data/0000000000000001.hint.tmp', 'unharmed'],
    ['MANIFEST.tmp', 'unharmed'],
    ['NODE.tmp', 'unharmed'],
    ['LOCK', 'unharmed'],
    ...(fixture === imaged ? [] : [['keydir.image', 'unharmed'] satisfies [string, Allowed]]),
  ]
}

function without(files: Files, paths: readonly string[]): Files {
  return new Map([...files].filter(([path]) => !paths.includes(path)))
}

function isHint(path: string): boolean {
  return path.endsWith('.hint')
}

/** Whatever is wrong with it only costs time. */
function isShortcut(path: string): boolean {
  return isHint(path) || path === imagePath
}

function isMarks(path: string): boolean {
  return path.endsWith('/marks')
}

function isLogSegment(path: string): boolean {
  return path.startsWith(`${directory}/log/`) && path.endsWith('.data')
}
