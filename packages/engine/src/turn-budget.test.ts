import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { systemClock } from './clock.ts'
import { TurnBudget } from './turn-budget.ts'

test('a turn has so many units, and the next one as many again', async () => {
  const budget = new TurnBudget(systemClock, 3)
  for (let round = 0; round < 3; round++) {
    expect(budget.spend(2)).toBeUndefined()
    expect(budget.spend(1)).toBeUndefined()
    const nextTurn = budget.spend(1)
    expect(nextTurn).toBeInstanceOf(Promise)
    await nextTurn
  }
})

test('what is worth more than a turn is let through, and is the turn’s last', async () => {
  const budget = new TurnBudget(systemClock, 3)
  expect(budget.spend(1)).toBeUndefined()
  expect(budget.spend(100)).toBeUndefined()
  await budget.spend(1)
  expect(budget.spend(1)).toBeUndefined()
})

test('however many wait, no turn does more than it has', async () => {
  const turns: (() => void)[] = []
  const nextTurn = (): Promise<void> => new Promise((resolve) => turns.push(resolve))
  const budget = new TurnBudget({ ...systemClock, nextTurn }, 10)
  let done = 0
  const callers = Array.from({ length: 95 }, async () => {
    for (let turn = budget.spend(1); turn !== undefined; turn = budget.spend(1)) await turn
    done++
  })
  for (let turn = 1; turn <= 10; turn++) {
    expect(done).toBe(Math.min(95, 10 * turn))
    expect(turns).toHaveLength(turn)
    turns.at(-1)!()
    await setImmediate()
  }
  await Promise.all(callers)
})
