import { expect, test } from 'vitest'
import { negotiateVersion } from './version.ts'

test('the newest common version is spoken, or none', () => {
  expect(negotiateVersion([1])).toBe(1)
  expect(negotiateVersion([3, 2, 1])).toBe(1)
  expect(negotiateVersion([2, 3])).toBeUndefined()
  expect(negotiateVersion([])).toBeUndefined()
})
