import { expect, test } from 'vitest'
import { FakeKv } from '../../test/fake-kv.ts'
import { inProcess } from '../../test/in-process.ts'

test('tells whether there was anything to delete, and is content either way', async () => {
  const kv = new FakeKv()
  await kv.put(Buffer.from('k'), Buffer.from('v'))
  const deleted = { exitCode: 0, stdout: 'deleted, version 2 (synced)\n' }
  expect(await inProcess(['del', 'k'], { kv })).toMatchObject(deleted)
  expect(kv.keys).toEqual([])
  const nothing = { exitCode: 0, stdout: 'there was no such key\n' }
  expect(await inProcess(['del', 'k'], { kv })).toMatchObject(nothing)
  expect((await inProcess(['del', 'k', '--json'], { kv })).stdout).toBe(
    '{"existed":false,"durability":"synced"}\n',
  )
})
