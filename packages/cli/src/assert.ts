/** Ends a switch over a union: the compiler sees that nothing is left. */
export function unreachable(value: never): never {
  throw new Error(`broken invariant: unreachable ${String(value)}`)
}
