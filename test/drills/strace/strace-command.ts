/** All that changes files or names, and all that may bring an answer to a client. */
const tracedCalls: readonly string[] = [
  'open,openat,openat2,creat,close',
  'write,writev,pwrite64,pwritev,pwritev2,sendfile,copy_file_range',
  'ftruncate,truncate,fallocate,fdatasync,fsync',
  'rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat',
  'link,linkat,symlink,symlinkat,sendto,sendmsg',
]

/** Longer than any single write of a drill. */
const stringBytesMax = 4 * 1024 * 1024

/** The wrapper that notes every call of a server, with its bytes, in `path`, and tampers with those that `injections` name. */
export function straceCommand(path: string, injections: readonly string[] = []): string[] {
  const options = ['-f', '-qq', '-ttt', '-yy', '-xx', '-s', String(stringBytesMax), '-o', path]
  // Calls that are not traced then cost nothing; but a signal that is to be injected would be lost (strace 6.1).
  if (injections.length === 0) options.push('--seccomp-bpf')
  const calls = ['-e', `trace=${tracedCalls.join(',')}`]
  return ['strace', ...options, ...calls, ...injections.flatMap(injectOption)]
}

function injectOption(injection: string): string[] {
  return ['-e', `inject=${injection}`]
}

/** For the server: no call of libuv that strace would not see. */
export const traceableVariables: NodeJS.ProcessEnv = { UV_USE_IO_URING: '0' }
