import { describe, expect, test } from 'vitest'
import {
  bytesOf,
  diskWithFile,
  everything,
  listing,
  namesIn,
  noData,
  noNames,
  textIn,
} from '../../test/file-system/sim-disk.ts'
import type { Reached } from './sim-faults.ts'
import { SimFileSystem } from './sim-file-system.ts'

describe('faults', () => {
  test('hit the n-th operation once', async () => {
    const { disk, file } = await diskWithFile('abc')
    disk.failAt({ at: disk.operations + 2, code: 'EIO' })
    await file.write(bytesOf('d'), 3)
    await expect(file.write(bytesOf('e'), 4)).rejects.toMatchObject({ code: 'EIO', path: '/f' })
    await file.write(bytesOf('f'), 4)
    expect(textIn(disk)).toBe('abcdf')
    expect(disk.faultsInjected).toBe(1)
  })

  test('hit the first operation from there on that can fail so', async () => {
    const { disk, file } = await diskWithFile('abc')
    disk.failAt({ at: 0, code: 'ENOSPC' })
    await file.read(new Uint8Array(1), 0)
    await file.truncate(1)
    await file.sync()
    await disk.openForReading('/f')
    expect(disk.faultsInjected).toBe(0)
    await expect(file.truncate(10)).rejects.toMatchObject({ code: 'ENOSPC' })
  })

  test('sticky ones hit until they are cleared', async () => {
    const { disk, file } = await diskWithFile('abc')
    disk.failAt({ at: 0, code: 'ENOSPC', sticky: true })
    const enospc = { code: 'ENOSPC' }
    await expect(file.write(bytesOf('d'), 3)).rejects.toMatchObject(enospc)
    await expect(disk.createFile('/g')).rejects.toMatchObject(enospc)
    await expect(disk.makeDirectory('/d')).rejects.toMatchObject(enospc)
    await expect(disk.rename('/f', '/g')).rejects.toMatchObject(enospc)
    expect(await file.read(new Uint8Array(3), 0)).toBe(3)
    disk.clearFaults()
    await file.write(bytesOf('d'), 3)
    expect(listing(disk)).toBe('/f=abcd')
    expect(disk.faultsInjected).toBe(4)
  })

  test('hit what a function chooses', async () => {
    const { disk, file } = await diskWithFile('abc')
    disk.failAt({ at: ({ kind, path }) => kind === 'sync' && path === '/f', code: 'EIO' })
    await file.write(bytesOf('d'), 3)
    await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' })
  })

  test('EMFILE hits what needs a descriptor', async () => {
    const { disk, file } = await diskWithFile('abc')
    await disk.createFile('/g')
    disk.failAt({ at: 0, code: 'EMFILE', sticky: true })
    const emfile = { code: 'EMFILE' }
    await expect(disk.openForReading('/f')).rejects.toMatchObject(emfile)
    await expect(disk.createFile('/h')).rejects.toMatchObject(emfile)
    await expect(disk.readDirectory('/')).rejects.toMatchObject(emfile)
    await expect(disk.syncDirectory('/')).rejects.toMatchObject(emfile)
    await file.sync()
    expect(disk.openFiles).toBe(2)
    disk.clearFaults()
    await disk.syncDirectory('/')
    expect(namesIn(disk.crash(noNames))).toEqual(['/f', '/g'])
  })

  test.each<[Reached, string]>([
    ['none', 'abc'],
    ['half', 'abcde'],
    ['all', 'abcdefg'],
  ])('a failed write leaves %s of its bytes', async (reached, text) => {
    const { disk, file } = await diskWithFile('abc')
    disk.failAt({ at: 0, code: 'ENOSPC', reached })
    await expect(file.write(bytesOf('defg'), 3)).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(textIn(disk)).toBe(text)
    expect(textIn(disk.crash(noData))).toBe('abc')
  })

  test.each<[Reached, string]>([
    ['none', 'abc'],
    ['half', 'abcd'],
    ['all', 'abcde'],
  ])('a failed sync makes %s durable, and no later one does', async (reached, text) => {
    const { disk, file } = await diskWithFile('abc')
    await file.write(bytesOf('d'), 3)
    await file.write(bytesOf('e'), 4)
    disk.failAt({ at: 0, code: 'EIO', reached })
    await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' })
    await file.sync()
    expect(textIn(disk)).toBe('abcde')
    expect(textIn(disk.clone())).toBe('abcde')
    expect(textIn(disk.crash(everything))).toBe(text)
    await file.write(bytesOf('de'), 3)
    await file.sync()
    expect(textIn(disk.crash(noData))).toBe('abcde')
  })

  test('a failed directory sync makes no name durable, and no later one does', async () => {
    const disk = new SimFileSystem()
    await disk.createFile('/f')
    disk.failAt({ at: 0, code: 'EIO' })
    await expect(disk.syncDirectory('/')).rejects.toMatchObject({ code: 'EIO' })
    await disk.syncDirectory('/')
    expect(namesIn(disk.crash(everything))).toEqual([])
    await disk.rename('/f', '/g')
    await disk.syncDirectory('/')
    expect(namesIn(disk.crash(noNames))).toEqual(['/g'])
  })

  test('short transfers move at least one byte and fewer than asked', async () => {
    const { disk, file } = await diskWithFile('')
    disk.shortenAt({ at: 0 })
    expect(await file.write(bytesOf('abcdef'), 0)).toBe(3)
    expect(await file.write(bytesOf('def'), 3)).toBe(3)
    disk.shortenAt({ at: 0, sticky: true, bytes: 1 })
    const target = new Uint8Array(6)
    expect(await file.read(target, 0)).toBe(1)
    expect(file.readSync(target, 5)).toBe(1)
    expect(await file.read(target, 6)).toBe(0)
    expect(textIn(disk)).toBe('abcdef')
    expect(disk.faultsInjected).toBe(4)
  })
})
