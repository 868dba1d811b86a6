export interface ImportReport {
  /** Acknowledged. */
  readonly records: number
  /** Of their keys and values. */
  readonly bytes: number
  /** Every line up to this one, inclusive, is acknowledged, or blank. */
  readonly linesDone: number
}

export interface ImportProgress {
  /** Acknowledged. */
  readonly records: number
  /** Of the input. */
  readonly inputBytes: number
}
