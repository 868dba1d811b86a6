import type { Command } from './command.ts'
import { backup } from './commands/backup.ts'
import { del } from './commands/del.ts'
import { exportCommand } from './commands/export.ts'
import { get } from './commands/get.ts'
import { importCommand } from './commands/import.ts'
import { inspectCommand } from './commands/inspect.ts'
import { merge } from './commands/merge.ts'
import { mergeNow } from './commands/merge-now.ts'
import { ping } from './commands/ping.ts'
import { put } from './commands/put.ts'
import { range } from './commands/range.ts'
import { repair } from './commands/repair.ts'
import { restore } from './commands/restore.ts'
import { stats } from './commands/stats.ts'
import { verify } from './commands/verify.ts'
import { verifyBackup } from './commands/verify-backup.ts'

/** In the order of `kv --help`. */
export const commands: readonly Command[] = [
  put,
  get,
  del,
  range,
  importCommand,
  exportCommand,
  stats,
  mergeNow,
  merge,
  ping,
  verify,
  repair,
  inspectCommand,
  backup,
  restore,
  verifyBackup,
]
