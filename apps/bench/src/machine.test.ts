import { expect, test } from 'vitest'
import { describeMachine, fileSystemOf } from './machine.ts'

const mountinfo = `22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:26 / /tmp rw - tmpfs tmpfs rw
31 22 0:27 / /mnt/my\\040disk rw shared:1 - xfs /dev/vdb rw
32 22 0:28 / /tmp rw - btrfs /dev/vdc rw
`

test.each([
  ['/home/me', 'ext4'],
  ['/tmp', 'btrfs'],
  ['/tmp/kv', 'btrfs'],
  ['/tmpfoo', 'ext4'],
  ['/mnt/my disk/data', 'xfs'],
])('%s is on %s', (path, type) => {
  expect(fileSystemOf(path, mountinfo)).toBe(type)
})

test('without the table the type is unknown', () => {
  expect(fileSystemOf('/tmp', '')).toBe('unknown')
})

test('describes the machine it runs on', async () => {
  const machine = await describeMachine('/')
  expect(machine.cores).toBeGreaterThan(0)
  expect(machine.memoryBytes).toBeGreaterThan(2 ** 20)
  expect(machine.node).toBe(process.versions.node)
})
