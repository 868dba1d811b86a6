import type { Clock } from '../clock.ts'
import type { FileSystem } from '../file-system/file-system.ts'
import type { FileTable } from '../file-table.ts'
import type { Logger } from '../logger.ts'

/** What recovery works on. */
export interface RecoveryContext {
  readonly fileSystem: FileSystem
  readonly directory: string
  readonly clock: Clock
  readonly logger: Logger
  /** Empty; filled by recovery. */
  readonly files: FileTable
}
