/** As `strace -xx` prints a string. */
export function hex(text: string): string {
  return Buffer.from(text).toString('hex').replaceAll(/../g, '\\x$&')
}
