import { readFileSync } from 'node:fs'
import { NodeProcess } from '../node-process.ts'
import type { Durability } from '../sessions/session.ts'
import type { Availability, Server, Setup, Subject } from './subject.ts'

/** A node with many keys may take long to open. */
const openTimeoutMs = 600_000
const stopTimeoutMs = 60_000

const acknowledges: Readonly<Record<Durability, string>> = {
  always: 'when on the disk',
  interval: "when in the system's cache; on the disk within 1 s",
  none: "when in the system's cache; on the disk when the system likes",
}

/** `always` is the default of server and store; only what differs is an option. */
const modes = { always: undefined, interval: 'interval', none: 'never' } as const

/** Flags of the server that set `durability`. */
export function durabilityFlags(durability: Durability): readonly string[] {
  const mode = modes[durability]
  return mode === undefined ? [] : ['--durability', mode]
}

/** A node as a user starts it, and `@kv/client`. */
export const kv: Subject = {
  name: 'kv',
  title: 'kv, @kv/client',
  kind: 'network',
  product: 'kv',
  session: 'kv-client',
  find: async () => found('kv server', 'server', '@kv/client', 'client'),
  setup: (durability): Setup => ({
    acknowledges: acknowledges[durability],
    options: durability === 'always' ? [] : [durabilityFlags(durability).join(' ')],
  }),
  serve: (directory, durability) => serveKv(directory, durabilityFlags(durability)),
}

/** The engine as a library. */
export const kvEmbedded: Subject = {
  name: 'kv-embedded',
  title: 'kv, @kv/engine embedded',
  kind: 'embedded',
  product: 'kv',
  session: 'kv-engine',
  environment: { UV_THREADPOOL_SIZE: '16' },
  find: async () => found('@kv/engine', 'engine'),
  setup: (durability): Setup => ({
    acknowledges: acknowledges[durability],
    options: [
      // As the engine's README says.
      'UV_THREADPOOL_SIZE=16',
      ...(durability === 'always' ? [] : [`durability: '${modes[durability]}'`]),
    ],
  }),
}

/** Starts a node on `directory`. `flags` are further flags of the server. */
export async function serveKv(
  directory: string,
  flags: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Server> {
  const node = NodeProcess.spawn(directory, flags, environment)
  await node.ready(openTimeoutMs)
  return {
    port: Number(new URL(node.address).port),
    pid: node.pid,
    async stop() {
      const timer = setTimeout(() => node.signal('SIGKILL'), stopTimeoutMs)
      await node.end('SIGTERM')
      clearTimeout(timer)
    },
    kill: async () => {
      await node.end('SIGKILL')
    },
  }
}

/** Of pairs of a label and a folder of `packages/`. */
function found(...pairs: string[]): Availability {
  const versions: Record<string, string> = {}
  for (let at = 0; at < pairs.length; at += 2) versions[pairs[at]!] = versionOf(pairs[at + 1]!)
  return { found: true, versions }
}

function versionOf(folder: string): string {
  const file = new URL(`../../../../packages/${folder}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
