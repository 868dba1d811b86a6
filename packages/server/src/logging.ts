import pino from 'pino'
import pretty from 'pino-pretty'
import type { LogFormat, LogLevel } from './settings.ts'

export type Logger = pino.Logger

/**
 * Logs to standard output: one JSON object a line, or pretty on a terminal. Both write before they return, so
 * that the last line of a process that ends is there, and neither needs a thread.
 */
export function createLogger(level: LogLevel, format: LogFormat): Logger {
  const isPretty = format === 'pretty' || (format === 'auto' && process.stdout.isTTY)
  const destination = isPretty
    ? pretty({
        sync: true,
        destination: 1,
        colorize: process.stdout.isTTY,
        singleLine: true,
        ignore: 'pid',
        translateTime: 'SYS:HH:MM:ss.l',
      })
    : pino.destination({ fd: 1, sync: true })
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
}
