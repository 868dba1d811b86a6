/** Takes all descriptors of its process, as others do to a node, and says what the file system can still do. */
import { openSync } from 'node:fs'
import { nodeFileSystem } from '../../src/file-system/node-file-system.ts'

const [directory] = process.argv.slice(2)
const lock = await nodeFileSystem.lockDirectory(directory!)
await (await nodeFileSystem.createFile(`${directory}/there`)).close()
const taken: number[] = []
const outcomes: Record<string, string> = {}

takeAll()
await attempt('read', async () =>
  (await nodeFileSystem.openForReading(`${directory}/there`)).close(),
)
await attempt('vital read', async () =>
  (await nodeFileSystem.openForReading(`${directory}/there`, true)).close(),
)
await attempt('create', async () => (await nodeFileSystem.createFile(`${directory}/new`)).close())
await attempt('write', async () =>
  (await nodeFileSystem.openForWriting(`${directory}/there`)).close(),
)
await attempt('sync', () => nodeFileSystem.syncDirectory(directory!))
// Held on to, four of them are all there are.
for (let held = 1; held <= 5; held++) {
  await attempt(`held ${held}`, () => nodeFileSystem.createFile(`${directory}/held-${held}`))
}
await lock.release()
process.stdout.write(JSON.stringify({ taken: taken.length, outcomes }))

function takeAll(): void {
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'))
  } catch {
    // There are no more.
  }
}

async function attempt(name: string, step: () => Promise<unknown>): Promise<void> {
  outcomes[name] = await step().then(
    () => 'done',
    (error: NodeJS.ErrnoException) => error.code ?? String(error),
  )
}
