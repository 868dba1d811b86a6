/**
 * The steps at which the fault class C8 strikes, by name. A step is one call to the disk, written as a line: what is
 * called, and the path below the data directory (`.` is that directory, `..` what lies outside), as in
 * `rename MANIFEST.tmp MANIFEST`.
 *
 * Whoever adds a step to the engine that can be interrupted adds it here.
 */
import type { DurabilityMode } from '../../src/options.ts'

/** What the life of a store begins with: no directory, a closed store, or what a crash has left of one. */
export type LifeStart = 'nothing' | 'closed' | 'crashed'

export interface Failpoint {
  readonly name: string
  readonly start: LifeStart
  /** Default `always`. */
  readonly durability?: DurabilityMode
  /** What must have happened one after the other; the last of it is the step. */
  readonly path: readonly Stage[]
}

/**
 * A step that matches, for the `count`-th time since the stage before. `{file}` in a pattern stands for what the
 * group of that name has matched before.
 */
interface Stage {
  readonly pattern: string
  readonly count: number
}

const segment = '[0-9]{16}\\.data'
const hint = '[0-9]{16}\\.hint'

/** The first one is that of the creation. */
const secondSwap = nth('rename MANIFEST\\.tmp MANIFEST', 2)

export const failpoints: readonly Failpoint[] = [
  ...inLifeOf('nothing', {
    'create: the names above': nth('syncDirectory \\.\\.'),
    'create: the folder of the log': nth('mkdir log'),
    'create: marks': nth('write marks'),
    'create: the first segment': nth('create log/0{15}1\\.data'),
    'create: its header': nth('write log/0{15}1\\.data'),
    'create: the name of the first segment': nth('syncDirectory log'),
    'create: MANIFEST': nth('rename MANIFEST\\.tmp MANIFEST'),
    'create: NODE written': nth('write NODE\\.tmp'),
    'create: NODE in its place': nth('rename NODE\\.tmp NODE'),
    'write: a frame': nth(`write log/${segment}`, 5),
    'write: its sync': nth(`sync log/${segment}`, 5),
    'roll: the next segment': nth('create log/next'),
    'roll: its header': nth('write log/next', 2),
    'roll: its sync': nth('sync log/next', 2),
    'roll: its name': nth(`rename log/next log/${segment}`, 2),
    'roll: its name made durable': behind(`rename log/next log/${segment}`, 'syncDirectory log'),
    'mark: its bytes': nth('write marks', 4),
    'mark: its sync': nth('sync marks', 3),
    'seal: cut to length': nth(`truncate log/${segment}`),
    'seal: the footer': behind(`truncate (?<file>log/${segment})`, 'write {file}'),
    'seal: its sync': behind(`truncate (?<file>log/${segment})`, 'sync {file}'),
    'hint: the scan of the segment': behind(`truncate log/${segment}`, `open log/${segment}`),
    'hint: the temporary file': nth(`create log/${hint}\\.tmp`),
    'hint: its bytes': nth(`write log/${hint}\\.tmp`),
    'hint: its sync': nth(`sync log/${hint}\\.tmp`),
    'hint: its name': nth(`rename log/${hint}\\.tmp log/${hint}`),
    'hint: its name made durable': behind(`rename log/${hint}\\.tmp .*`, 'syncDirectory log'),
    'merge: an input opened': nth(`open log/${hint}`),
    'merge: an output created': nth(`create data/${segment}`),
    'merge: the second output created': nth(`create data/${segment}`, 2),
    'merge: the records of an output': nth(`write data/${segment}`),
    'merge: the sync of an output': nth(`sync data/${segment}`),
    'merge: the hint of an output': nth(`write data/${hint}\\.tmp`),
    'merge: the name of that hint': nth(`rename data/${hint}\\.tmp data/${hint}`),
    'merge: the names of the outputs': nth('syncDirectory data', 2),
    'swap: MANIFEST begun': nth('create MANIFEST\\.tmp', 2),
    'swap: MANIFEST written': nth('write MANIFEST\\.tmp', 2),
    'swap: MANIFEST synced': nth('sync MANIFEST\\.tmp', 2),
    'swap: MANIFEST in its place': nth('rename MANIFEST\\.tmp MANIFEST', 2),
    'swap: MANIFEST in its place for good': behind(secondSwap, 'syncDirectory \\.'),
    'swap: the outputs taken in': behind(secondSwap, `open data/${segment}`),
    'swap: the hint of an input removed': nth(`unlink log/${hint}`),
    'swap: an input removed': behind(`unlink log/${hint}`, `unlink log/${segment}`),
    'swap: an output of before removed': nth(`unlink data/${segment}`),
    'open: the mark': behind('create keydir\\.image', 'sync marks'),
    'close: the image of the keydir begun': nth('create keydir\\.image'),
    'close: the image of the keydir': nth('write keydir\\.image', 2),
  }),
  {
    name: 'merge: the log synced up to mergedAt',
    start: 'nothing',
    durability: 'never',
    path: behind('syncDirectory data', `sync log/${segment}`),
  },
  ...inLifeOf('closed', {
    'open: NODE': nth('open NODE'),
    'open: MANIFEST': nth('open MANIFEST'),
    'open: marks': nth('openForWriting marks'),
    'open: the image of the keydir': nth('read keydir\\.image'),
    'write: the image of the keydir outdated': nth('unlink keydir\\.image'),
  }),
  ...inLifeOf('crashed', {
    'recovery: a listing of the log': nth('readdir log'),
    'recovery: a scan': nth(`read log/${segment}`, 3),
    'recovery: the names found': nth('syncDirectory \\.'),
    'recovery: the folder of what is lost': nth('mkdir lost'),
    'recovery: the copy of a torn tail': nth('write lost/.*'),
    'recovery: its sync': nth('sync lost/.*'),
    'recovery: the torn tail cut': nth(`truncate log/${segment}`),
    'recovery: the cut synced': behind(`truncate (?<file>log/${segment})`, 'sync {file}'),
    'recovery: doubtful bytes written again': behind(
      `truncate (?<file>log/${segment})`,
      'write {file}',
    ),
    'recovery: a file that does not count': nth('unlink log/next'),
    'recovery: an output that does not count': nth(`unlink data/${segment}`),
    'recovery: a hint written again': nth(`rename data/${hint}\\.tmp data/${hint}`),
  }),
]

function inLifeOf(
  start: LifeStart,
  paths: Readonly<Record<string, readonly Stage[]>>,
): Failpoint[] {
  return Object.entries(paths).map(([name, path]) => ({ name, start, path }))
}

function nth(pattern: string, count = 1): Stage[] {
  return [{ pattern, count }]
}

function behind(first: string | readonly Stage[], second: string): Stage[] {
  return [...(typeof first === 'string' ? nth(first) : first), ...nth(second)]
}

/** Is shown every step of one life of a store in turn, and knows the one that is meant. */
export class StepMatcher {
  readonly #path: readonly Stage[]
  #stage = 0
  #count = 0
  #file = ''

  constructor({ path }: Failpoint) {
    this.#path = path
  }

  /** True once, for the step that is meant. */
  matches(step: string): boolean {
    const stage = this.#path[this.#stage]
    if (stage === undefined) return false
    const match = new RegExp(`^${stage.pattern.replace('{file}', this.#file)}$`).exec(step)
    if (match === null || ++this.#count < stage.count) return false
    this.#file = match.groups?.['file'] ?? ''
    this.#stage++
    this.#count = 0
    return this.#stage === this.#path.length
  }
}
