import type { Durability } from '../sessions/session.ts'
import { findPeer, type Option, printed, ServerProcess } from './server-process.ts'
import type { Subject } from './subject.ts'

/** With many keys it reads its whole database to build the index. */
const openTimeoutMs = 600_000

/** The largest that its documentation suggests; the default of 2 GiB is full after some million puts. */
const quotaBytes = 8 * 1024 ** 3

const acknowledges: Readonly<Record<Durability, string>> = {
  always: 'when on the disk',
  interval: 'when on the disk (etcd has no weaker mode)',
  none: 'when on the disk (etcd has no weaker mode)',
}

/** One member, and `etcd3`. */
export const etcd: Subject = {
  name: 'etcd',
  title: 'etcd, etcd3',
  kind: 'network',
  product: 'etcd',
  session: 'etcd3',
  find: async () => findPeer('etcd', 'etcd', 'etcd3'),
  setup: (durability) => ({
    acknowledges: acknowledges[durability],
    options: [...printed(serverOptions('<port>', '<directory>')), 'serializable(true) for reads'],
  }),
  serve: (directory) =>
    ServerProcess.start({
      name: 'etcd',
      options: (port) => serverOptions(String(port), directory),
      probe,
      timeoutMs: openTimeoutMs,
    }),
}

function serverOptions(port: string, directory: string): Option[] {
  const address = `http://127.0.0.1:${port}`
  return [
    ['--data-dir', directory],
    ['--listen-client-urls', address],
    ['--advertise-client-urls', address],
    // Nobody calls: it has no peers.
    ['--listen-peer-urls', 'http://127.0.0.1:0'],
    ['--quota-backend-bytes', String(quotaBytes)],
  ]
}

async function probe(port: number, signal: AbortSignal): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/health`, { signal })
  const health = await response.text()
  if (!response.ok) throw new Error(`etcd answers ${health}`)
}
