/** Where a node listens. */
export interface Address {
  /** A name or an IP address, IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

const portDefault = 7411
const example = 'kv://127.0.0.1:7411'

/** Reads `kv://host[:port]`. */
export function parseAddress(url: string): Address {
  const parsed = URL.parse(url)
  if (parsed === null || parsed.protocol !== 'kv:' || parsed.hostname === '') {
    throw new TypeError(`'${url}' is no address of a node: write it like ${example}`)
  }
  const { hostname, port, pathname, username, password, search, hash } = parsed
  if ((pathname !== '' && pathname !== '/') || username + password + search + hash !== '') {
    throw new TypeError(`the address of a node is a host and a port and nothing more: ${example}`)
  }
  return addressOf(hostname.replace(/^\[(.*)\]$/, '$1'), port === '' ? portDefault : Number(port))
}

export function addressOf(host = '127.0.0.1', port: number = portDefault): Address {
  if (typeof host !== 'string' || host === '') {
    throw new TypeError("host must be a name or an IP address, such as '127.0.0.1'")
  }
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new RangeError('port must be a whole number from 1 to 65535')
  }
  return { host, port }
}

export function describeAddress({ host, port }: Address): string {
  return host.includes(':') ? `kv://[${host}]:${port}` : `kv://${host}:${port}`
}
