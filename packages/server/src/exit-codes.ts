/** How the server's process ends; the numbers follow sysexits.h. README.md lists them for operators. */
export const exitCodes = {
  ok: 0,
  /** A flag, environment variable, configuration key or value that is wrong or not allowed. */
  usage: 64,
  /** The data directory is damaged. */
  damagedData: 65,
  /** The address or port cannot be had. */
  unavailable: 69,
  /** A bug: something was thrown that nobody expected. */
  internal: 70,
  /** The data directory cannot be created or used. */
  dataDirectory: 73,
  /** The disk failed. */
  disk: 74,
  /** Another process holds the data directory. */
  locked: 75,
  /** The system does not allow the port. */
  notPermitted: 77,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
