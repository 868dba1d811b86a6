import { openWith } from './ioredis.ts'
import type { OpenSession } from './session.ts'

export const open: OpenSession = openWith({ enableAutoPipelining: true })
