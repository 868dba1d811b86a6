import type { MergeAnswer, MergeRequest } from '@kv/protocol'
import { unreachable } from '@kv/protocol/assert'
import { mergeStats } from '../server-stats.ts'
import type { Services } from '../services.ts'

/** `now` is answered when the merge has ended, with its report; the others at once, with how merges stand. */
export async function merge({ action }: MergeRequest, { store }: Services): Promise<MergeAnswer> {
  switch (action) {
    case 'now':
      return { kind: 'merge', report: { ...(await store.merge()) } }
    case 'pause':
      store.pauseMerges()
      return { kind: 'merge', report: mergeStats(store.stats().merges) }
    case 'resume':
      store.resumeMerges()
      return { kind: 'merge', report: mergeStats(store.stats().merges) }
    default:
      return unreachable(action)
  }
}
