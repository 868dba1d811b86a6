import { expect, test } from 'vitest'
import { TestClock } from '../test/test-clock.ts'
import { DataFile } from './data-file.ts'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import { FileTable } from './file-table.ts'
import { silentLogger } from './logger.ts'
import { Sealer } from './sealer.ts'
import { segmentFooterBytes, segmentHeaderBytes } from './segment.ts'

test('at every moment a segment has its footer and is sealed, or neither', async () => {
  const disk = new SimFileSystem()
  await disk.makeDirectory('/db')
  const handle = await disk.createFile('/db/segment')
  await handle.write(Buffer.alloc(segmentHeaderBytes), 0)
  const file = DataFile.log({ index: 1, term: 0, chain: 0 }, 'closed', segmentHeaderBytes)
  const files = new FileTable(disk, '/db', 8, () => undefined)
  files.add(file, handle)
  const jobs = { writeSegmentHint: async () => undefined, merge: () => expect.unreachable() }
  const failures: unknown[] = []
  const sealer = new Sealer(jobs, files, '/db', new TestClock(), silentLogger, {
    sealed: () => undefined,
    hinted: () => undefined,
    failed: (error) => failures.push(error),
  })
  sealer.add({ file, handle })
  const seen = new Set<string>()
  for (let moment = 0; moment < 500; moment++) {
    seen.add(`${file.state}, ${file.bytes} bytes`)
    await Promise.resolve()
  }
  await sealer.idle()
  expect(failures).toEqual([])
  expect([...seen]).toEqual([
    `closed, ${segmentHeaderBytes} bytes`,
    `sealed, ${segmentHeaderBytes + segmentFooterBytes} bytes`,
  ])
})
