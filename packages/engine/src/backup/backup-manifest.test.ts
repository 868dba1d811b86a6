import { expect, test } from 'vitest'
import { encodeCheckedJson } from '../checked-json.ts'
import {
  type BackupManifest,
  decodeBackupManifest,
  encodeBackupManifest,
  isStoredName,
  lastSegment,
  storedPath,
} from './backup-manifest.ts'

const sha256 = 'ab'.repeat(32)

const manifest: BackupManifest = {
  formatVersion: 1,
  storeId: '9d3f',
  generation: 3,
  takenAt: 1_700_000_000_000,
  end: { index: 20, term: 0, chain: 7 },
  files: [
    { path: 'log/0000000000000010.data', generation: 3, bytes: 64, sha256 },
    { path: 'log/0000000000000001.data', generation: 1, bytes: 128, sha256 },
    { path: 'log/0000000000000001.hint', generation: 2, bytes: 32, sha256 },
    { path: 'MANIFEST', generation: 3, bytes: 100, sha256 },
  ],
}

test('layout: crc32, length, JSON', () => {
  const bytes = encodeBackupManifest({ ...manifest, files: [manifest.files[3]!] })
  expect(bytes.subarray(0, 8).toString('hex')).toBe('f892d14cf6000000')
  expect(bytes.toString('utf8', 8)).toBe(
    `{"formatVersion":1,"storeId":"9d3f","generation":3,"takenAt":1700000000000,"end":{"index":20,"term":0,"chain":7},"files":[{"path":"MANIFEST","generation":3,"bytes":100,"sha256":"${sha256}"}]}`,
  )
})

test('round trip', () => {
  expect(decodeBackupManifest(encodeBackupManifest(manifest))).toEqual(manifest)
  expect(lastSegment(manifest)).toBe(manifest.files[0])
  expect(manifest.files.map(storedPath)).toEqual([
    'log/0000000000000010.data.3',
    'log/0000000000000001.data.1',
    'log/0000000000000001.hint.2',
    'MANIFEST.3',
  ])
})

test.each([
  [{ formatVersion: 2 }, 'format version 2, and this program reads up to 1'],
  [{ formatVersion: '1' }, 'unreadable'],
  [{ storeId: 1 }, 'unreadable'],
  [{ generation: -1 }, 'unreadable'],
  [{ takenAt: 0.5 }, 'unreadable'],
  [{ end: { index: 1, term: 0 } }, 'unreadable'],
  [{ end: undefined }, 'unreadable'],
  [{ files: {} }, 'unreadable'],
  [{ files: [null] }, 'unreadable'],
  [{ files: [] }, 'it names no MANIFEST'],
  [{ files: manifest.files.slice(2) }, 'it names no log segment'],
  [{ files: [...manifest.files, manifest.files[0]] }, 'it names a file twice'],
  [{ files: [{ ...manifest.files[0], generation: 4 }] }, 'unreadable'],
  [{ files: [{ ...manifest.files[0], sha256: 'AB'.repeat(32) }] }, 'unreadable'],
  [
    { files: [{ ...manifest.files[0], path: '../x' }] },
    'it names a file that no store has: "../x"',
  ],
])('%j is refused', (change, damage) => {
  expect(decodeBackupManifest(encodeCheckedJson({ ...manifest, ...change }))).toBe(damage)
})

test('bytes that are none', () => {
  expect(decodeBackupManifest(Buffer.alloc(0))).toBe('unreadable')
  expect(decodeBackupManifest(encodeCheckedJson([]))).toBe('unreadable')
  const bytes = encodeBackupManifest(manifest)
  expect(decodeBackupManifest(bytes.subarray(0, -1))).toBe('unreadable')
})

test.each([
  ['0000000000000001.data.1', true],
  ['0000000000000001.hint.12', true],
  ['MANIFEST.1', true],
  ['MANIFEST', false],
  ['0000000000000001.data', false],
  ['0000000000000001.data.0', false],
  ['1.data.1', false],
  ['x.1', false],
])('%s is a stored name: %s', (name, expected) => {
  expect(isStoredName(name)).toBe(expected)
})
