/** The person's command line is wrong; nothing was run and nothing written. */
export class UsageError extends Error {}
