import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'

/**
 * A shell that waits for the end of its input, which is the end of this process, by SIGKILL too, and then kills
 * the server. It has a session of its own, so that Ctrl-C does not end it before its time.
 */
export function endWithThisProcess(server: ChildProcess): void {
  const options: SpawnOptions = { stdio: ['pipe', 'ignore', 'ignore'], detached: true }
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -9 "$0"', String(server.pid)], options)
  server.once('exit', () => guard.kill('SIGKILL'))
}
