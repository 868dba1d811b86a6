import { cuts, flips } from './damage.ts'
import { checkDamaged } from './damaged-store.ts'
import { closedFixture } from './store-fixture.ts'
const f = await closedFixture(6)
const path = '/db/data/0000000000000001.hint'
const whole = f.disk.files().get(path)!
for (let r = 0; r < 4; r++) {
const s = performance.now(); let n = 0
for (const bytes of flips(whole)) { const d = f.disk.clone(); d.poke(path, bytes); await checkDamaged(f, d, 'unharmed'); n++ }
console.log((performance.now() - s) / n)
}
