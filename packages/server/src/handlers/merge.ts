import type { MergeAnswer, MergeRequest } from '@kv/protocol'
import type { Services } from '../services.ts'

/** Answers when the merge has ended. `now` is the only action there is. */
export async function merge(_request: MergeRequest, { store }: Services): Promise<MergeAnswer> {
  return { kind: 'merge', report: { ...(await store.merge()) } }
}
