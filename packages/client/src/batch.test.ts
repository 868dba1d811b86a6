import { KvError } from '@kv/protocol'
import { expect, test } from 'vitest'
import { FakeStore } from '../test/fake-store.ts'
import { useRigs } from '../test/rig.ts'

const start = useRigs()

test('operations travel in one request, in their order', async () => {
  const { client, server } = await start(new FakeStore().handle)
  const batch = client
    .batch()
    .put('a', '1', { ifAbsent: true })
    .delete('b', { ifVersion: 7 })
    .put('a', '2')
  expect(batch.length).toBe(3)
  expect(server.received).toEqual([])
  expect(await batch.commit({ durability: 'written' })).toEqual({
    version: 1,
    durability: 'written',
  })
  expect(server.received[0]?.request).toMatchObject({
    kind: 'batch',
    operations: [
      { type: 'put', key: Buffer.from('a'), conditions: { ifAbsent: true } },
      { type: 'delete', key: Buffer.from('b'), conditions: { ifVersion: 7 } },
      { type: 'put', key: Buffer.from('a') },
    ],
    options: { durability: 'written' },
  })
  expect((await client.get('a'))?.value.toString()).toBe('2')
})

test('a batch is committed once, and not empty', async () => {
  const { client } = await start(new FakeStore().handle)
  await expect(client.batch().commit()).rejects.toThrow(/^the batch is empty/)
  const batch = client.batch().put('a', '1')
  await batch.commit()
  await expect(batch.commit()).rejects.toThrow(/^the batch is committed already/)
  expect(() => batch.put('a', '2')).toThrow(TypeError)
})

test('a batch that is known to have had no effect may be committed again', async () => {
  const store = new FakeStore()
  const { client, server } = await start(({ id }, from) => {
    from.answer(id, new KvError('KV_TRY_LATER', 'too much'))
  })
  const batch = client.batch().put('a', '1')
  await expect(batch.commit()).rejects.toMatchObject({ code: 'KV_TRY_LATER' })
  server.handle = store.handle
  await batch.commit()
  expect(store.version).toBe(1)
})

test('a batch over the server’s limits is not sent', async () => {
  const { client, server } = await start(new FakeStore().handle, {}, { batchOpsMax: 1 })
  await expect(client.batch().put('a', '').put('b', '').commit()).rejects.toMatchObject({
    code: 'KV_BATCH_TOO_LARGE',
    outcome: 'not-applied',
  })
  expect(server.received).toEqual([])
})
