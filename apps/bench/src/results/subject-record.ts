/** What a run file says of a subject it measured. */
export interface SubjectRecord {
  readonly name: string
  readonly title: string
  /** `machine` is no store: the limit of the hardware, measured in the same rounds. */
  readonly side: 'kv' | 'peer' | 'machine'
  readonly product: string
  /** Of the product, and of the library it is used through. */
  readonly versions: Readonly<Record<string, string>>
  /** When a write is acknowledged, in words. */
  readonly acknowledges: string
  /** Every option that is not a default. */
  readonly options: readonly string[]
}
