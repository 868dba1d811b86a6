/** What the engine needs of a logger: pino's shape. */
export interface Logger {
  /** What is worth knowing: a merge that ended, merges paused. */
  info(fields: object, message: string): void
  /** What was got over, and somebody should look at: a torn tail, a merge that failed. */
  warn(fields: object, message: string): void
  /** What has ended all writing. `fields.err` is the error, here and in warnings that have one. */
  error(fields: object, message: string): void
}

export const silentLogger: Logger = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
