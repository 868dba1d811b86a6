import { markBytes } from '../../src/mark.ts'
import { type Damage, joined } from '../damage.ts'

/** Damage to the slots in use; those behind them are empty, and stay. */
export function* markDamage(whole: Uint8Array, damage: Damage): Generator<Uint8Array> {
  const usedBytes =
    Math.ceil((whole.findLastIndex((byte) => byte !== 0) + 1) / markBytes) * markBytes
  const rest = damage.name === 'cuts' ? new Uint8Array(0) : whole.subarray(usedBytes)
  for (const bytes of damage(whole.subarray(0, usedBytes))) yield joined(bytes, rest)
}
