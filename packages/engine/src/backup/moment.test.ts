import { expect, test } from 'vitest'
import { DataFile } from '../data-file.ts'
import { SimFileSystem } from '../file-system/sim-file-system.ts'
import { FileTable } from '../file-table.ts'
import { logOrigin } from '../frame.ts'
import { emptyManifest, type Manifest, type ManifestFile } from '../manifest.ts'
import { takeMoment } from './moment.ts'

const output: ManifestFile = {
  id: 1,
  bytes: 500,
  records: 5,
  lowestIndex: 1,
  highestIndex: 9,
  lowestKey: Buffer.from('a'),
  highestKey: Buffer.from('z'),
  tombstoneBytes: 0,
  footerCrc: 1,
}

function table(): FileTable {
  return new FileTable(new SimFileSystem(), '/db', 8, () => undefined)
}

/** Log segments [1, 10) and [10, 20), and one that is written to. */
function withLog(files: FileTable): { first: number; last: DataFile } {
  const first = files.add(DataFile.log(logOrigin, 'sealed', 300))
  files.add(DataFile.log({ index: 10, term: 0, chain: 1 }, 'sealed', 300))
  const last = DataFile.log({ index: 20, term: 0, chain: 2 }, 'active', 64)
  files.add(last)
  return { first, last }
}

test('the files that the manifest names, and the log behind them, as they are at the call', async () => {
  const files = table()
  const { last } = withLog(files)
  files.add(DataFile.merge({ ...output, id: 7 }))
  const moment = await takeMoment({
    files,
    manifest: () => emptyManifest,
    appliedIndex: () => 19,
    runningMerge: () => undefined,
  })
  last.bytes = 9_999
  expect(moment.files.map(({ file, isLast }) => [file.path, file.bytes, isLast])).toEqual([
    ['log/0000000000000001.data', 300, false],
    ['log/0000000000000010.data', 300, false],
    ['log/0000000000000020.data', 64, true],
  ])
  expect(moment.endIndex).toBe(20)
  await moment.release()
})

test('while a merge gives its inputs away, it is the moment of its end', async () => {
  const files = table()
  const { first } = withLog(files)
  let manifest: Manifest = emptyManifest
  const end = Promise.withResolvers<void>()
  let merge: Promise<void> | undefined = end.promise
  files.add(DataFile.merge(output))
  await files.retire(first)
  const taken = takeMoment({
    files,
    manifest: () => manifest,
    appliedIndex: () => 19,
    runningMerge: () => merge,
  })
  const turn = new Promise((resolve) => setImmediate(resolve, 'a turn later'))
  expect(await Promise.race([taken, turn])).toBe('a turn later')
  manifest = { ...emptyManifest, files: [output], logStart: { index: 10, term: 0, chain: 1 } }
  merge = undefined
  end.resolve()
  const moment = await taken
  expect(moment.files.map(({ file }) => file.path)).toEqual([
    'log/0000000000000010.data',
    'log/0000000000000020.data',
    'data/0000000000000001.data',
  ])
  await moment.release()
})

test('a merge that has failed between two states leaves no moment', async () => {
  const files = table()
  const { first } = withLog(files)
  await files.retire(first)
  const source = { files, manifest: () => emptyManifest, appliedIndex: () => 19 }
  await expect(takeMoment({ ...source, runningMerge: () => undefined })).rejects.toMatchObject({
    code: 'KV_STORAGE_FAILED',
  })
})
