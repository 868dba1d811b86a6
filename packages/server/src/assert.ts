/** A broken invariant of our own code: never caught, except to log it and end the process. */
class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

/** On in production. `property` is a constant text naming the one thing that holds. */
export function assert(condition: boolean, property: string): asserts condition {
  if (!condition) throw new InvariantError(`broken invariant: ${property}`)
}

/** Ends a switch over a union: the compiler sees that nothing is left. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable: ${String(value)}`)
}
