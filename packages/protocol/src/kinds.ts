/** The small integers of the wire. A number once given is never given to something else. */

/** Second element of a request. */
export const requestKindCodes = {
  hello: 1,
  ping: 2,
  put: 3,
  get: 4,
  getMany: 5,
  delete: 6,
  batch: 7,
  range: 8,
  stats: 9,
  merge: 10,
} as const
export type RequestKind = keyof typeof requestKindCodes

/** Elements after request id and kind. One more may follow: the context. */
export const requestFieldCounts: Readonly<Record<RequestKind, number>> = {
  hello: 3,
  ping: 0,
  put: 3,
  get: 2,
  getMany: 2,
  delete: 2,
  batch: 2,
  range: 6,
  stats: 0,
  merge: 1,
}

/** Elements after request id and status of an `ok`; an error has three. */
export const answerFieldCounts: Readonly<Record<RequestKind, number>> = {
  hello: 6,
  ping: 1,
  put: 3,
  get: 1,
  getMany: 1,
  delete: 4,
  batch: 3,
  range: 3,
  stats: 1,
  merge: 1,
}
export const errorFieldCount = 3

/** Second element of an answer. "Not found" is an `ok`. */
export const statusCodes = { ok: 0, error: 1 } as const

/** How safe a write is, weakest first: handed to the OS, on the leader's disk, on a majority's. */
export const durabilityCodes = { written: 0, synced: 1, majority: 2 } as const
export type Durability = keyof typeof durabilityCodes

/** How fresh a read is. */
export const consistencyCodes = { linearizable: 0, lease: 1, bounded: 2, any: 3 } as const
export type Consistency = keyof typeof consistencyCodes

/** First element of an operation in a batch. */
export const operationCodes = { put: 0, delete: 1 } as const

/** What a merge request asks for. */
export const mergeActionCodes = { now: 0, pause: 1, resume: 2 } as const
export type MergeAction = keyof typeof mergeActionCodes

export const requestKinds: readonly (RequestKind | undefined)[] = namesByCode(requestKindCodes)
export const durabilities: readonly (Durability | undefined)[] = namesByCode(durabilityCodes)
export const consistencies: readonly (Consistency | undefined)[] = namesByCode(consistencyCodes)
export const mergeActions: readonly (MergeAction | undefined)[] = namesByCode(mergeActionCodes)

/** Turns a table of codes round. Codes are dense and small, so a plain array serves. */
function namesByCode<Name extends string>(
  codes: Readonly<Record<Name, number>>,
): (Name | undefined)[] {
  const names: (Name | undefined)[] = []
  for (const name of Object.keys(codes) as Name[]) names[codes[name]] = name
  return Array.from(names)
}
