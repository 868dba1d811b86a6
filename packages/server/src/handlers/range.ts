import type { RangePage } from '@kv/engine'
import type { Bounds, RangeAnswer, RangeRequest } from '@kv/protocol'
import { KvError, rangePageBytesMax, rangePageKeysMax } from '@kv/protocol'
import type { Services } from '../services.ts'
import { refuseReadOptions } from '../unsupported.ts'

/** One page. The client asks for the next with the resume key as a bound; the server keeps nothing of it. */
export async function range(
  request: RangeRequest<Buffer>,
  { store }: Services,
): Promise<RangeAnswer> {
  const { bounds, reverse, keysOnly, options } = request
  refuseReadOptions(options)
  refuseTwoEnds(bounds)
  if (request.limit === 0) {
    throw new KvError('KV_BAD_REQUEST', 'the limit of a range is 1 or more; nothing was read')
  }
  const page = await store.page({
    ...bounds,
    reverse,
    keysOnly,
    limit: Math.min(request.limit ?? rangePageKeysMax, rangePageKeysMax),
    bytesMax: Math.min(request.bytesMax ?? rangePageBytesMax, rangePageBytesMax),
  })
  return {
    kind: 'range',
    entries: keysOnly ? withoutValues(page) : page.entries,
    more: page.more,
    resumeKey: page.more ? page.entries.at(-1)?.key : undefined,
  }
}

function withoutValues({ entries }: RangePage): RangeAnswer['entries'] {
  return entries.map(({ key, version }) => ({ key, version }))
}

function refuseTwoEnds({ gte, gt, lte, lt }: Bounds): void {
  if (gte !== undefined && gt !== undefined) throw twoEnds('gte', 'gt')
  if (lte !== undefined && lt !== undefined) throw twoEnds('lte', 'lt')
}

function twoEnds(a: string, b: string): KvError {
  return new KvError(
    'KV_BAD_REQUEST',
    `a range has ${a} or ${b}, not both; nothing was read; leave one away`,
  )
}
