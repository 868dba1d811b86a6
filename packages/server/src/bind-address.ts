import { BlockList, isIP } from 'node:net'
import { exitCodes } from './exit-codes.ts'
import type { Config } from './settings.ts'
import { StartError } from './start-error.ts'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Whether only this machine reaches `host`. A name may come to mean anything, but for `localhost`. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true
  const family = isIP(host)
  return family !== 0 && loopback.check(host, family === 4 ? 'ipv4' : 'ipv6')
}

/** Throws StartError for an address that others reach, unless it was said twice that this is meant. */
export function refuseOpenAddress({ host, insecureNoTls, insecureNoAuth }: Config): void {
  if (isLoopback(host) || (insecureNoTls && insecureNoAuth)) return
  const missing = [
    ...(insecureNoTls ? [] : ['--insecure-no-tls']),
    ...(insecureNoAuth ? [] : ['--insecure-no-auth']),
  ].join(' and ')
  throw new StartError(
    exitCodes.usage,
    `--host ${host} lets other machines in, and there is neither encryption nor a login yet; nothing was started; use 127.0.0.1, or add ${missing} if the network is trusted`,
  )
}
