/** C5: files damaged at rest. No answer is ever wrong; what cannot be answered is said. */
import { expect, test } from 'vitest'
import { lastMark, markBytes } from '../../src/mark.ts'
import { segmentFooterBytes } from '../../src/segment.ts'
import { ClassReport } from './class-report.ts'
import {
  appendices,
  bursts,
  cuts,
  type Damage,
  firstDifference,
  flips,
  misplacedSectors,
  sameBytes,
  shiftedSectors,
  zeroedEnds,
} from './damage.ts'
import { type Allowed, checkDamaged } from './damaged-store.ts'
import { closedFixture, directory, killedFixture, type StoreFixture } from './store-fixture.ts'

const seed = 6
const report = new ClassReport('C5', seed)

const fixtures = [await closedFixture(seed), await killedFixture(seed)]

test.each(fixtures)('x $name', async (fixture) => {
  for (const [path, whole] of fixture.disk.files()) {
    if (path.endsWith('/marks')) continue
    for (const [kind, damage] of [['cuts', cuts], ['flips', flips], ['others', zeroedEnds], ['others', bursts], ['others', shiftedSectors], ['others', misplacedSectors], ['others', appendices]] as const) {
      let place = 0
      const start = performance.now()
      let bad = 0
      for (const bytes of damage(whole)) {
        place++
        if (sameBytes(bytes, whole)) continue
        const disk = fixture.disk.clone()
        disk.poke(path, bytes)
        try {
          await checkDamaged(fixture, disk, allowedFor(fixture, path, whole, bytes))
        } catch (error) {
          if (bad++ < 3) console.log(path, damage.name, place, allowedFor(fixture, path, whole, bytes), (error as Error).stack)
        }
        report.count('cases')
        report.count('faults')
        report.count(kind)
      }
      console.log(fixture.name, path, damage.name, place, 'bad', bad, ((performance.now() - start) / place).toFixed(3))
    }
  }
})

function allowedFor(
  fixture: StoreFixture,
  path: string,
  whole: Uint8Array,
  bytes: Uint8Array,
): Allowed {
  const from = firstDifference(whole, bytes)
  if (path.endsWith('.hint')) return 'unharmed'
  if (path === fixture.active) return from < fixture.mark.offset ? 'refuses' : 'prefix'
  if (path.startsWith(`${directory}/log/`)) {
    return from < whole.length - segmentFooterBytes ? 'tells' : 'unharmed'
  }
  if (path.startsWith(`${directory}/data/`)) return 'tells'
  return 'refuses'
}

test('floors', () => {
  report.finish({ cuts: 8_000, flips: 64_000, others: 16_000 })
})
