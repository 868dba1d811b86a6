import { expect, test } from 'vitest'
import { systemClock } from './clock.ts'
import { TurnBudget } from './turn-budget.ts'

test('a turn has so many units, whoever spends them, and the next one as many again', async () => {
  const budget = new TurnBudget(systemClock, 3)
  for (let round = 0; round < 3; round++) {
    expect(budget.spend(2)).toBeUndefined()
    expect(budget.spend(1)).toBeUndefined()
    await budget.spend(1)
  }
  expect(budget.spend(3)).toBeUndefined()
})

test('a loop of quick calls lets others have their turn', async () => {
  const budget = new TurnBudget(systemClock, 10)
  const others = { turns: 0 }
  setImmediate(() => {
    others.turns++
  })
  let calls = 0
  for (; others.turns === 0; calls++) await budget.spend(1)
  expect(calls).toBeLessThanOrEqual(21)
})
