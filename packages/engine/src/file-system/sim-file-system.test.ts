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
import type { WritableFile } from './file-system.ts'
import type { CrashChoice, CrashData } from './sim-crash.ts'
import { SimPowerCut } from './sim-error.ts'
import { SimFileSystem } from './sim-file-system.ts'

const seeds = Array.from({ length: 100 }, (_, seed) => seed)

describe('power cut: bytes', () => {
  test('what was synced stays, what was not is lost', async () => {
    const { disk, file } = await diskWithFile('synced')
    await file.write(bytesOf('lost'), 6)
    expect(textIn(disk.crash(noData))).toBe('synced')
    expect(textIn(disk.crash(everything))).toBe('syncedlost')
    await file.sync()
    expect(textIn(disk.crash(noData))).toBe('syncedlost')
  })

  test('what is synced is what was written, whatever became of the buffer since', async () => {
    const { disk, file } = await diskWithFile('')
    const buffer = Buffer.from('kept')
    await file.write(buffer, 0)
    buffer.fill(0)
    await file.sync()
    expect(textIn(disk.crash(noData))).toBe('kept')
  })

  test('a truncate is lost as well, and overwritten bytes come back', async () => {
    const { disk, file } = await diskWithFile('abcdef')
    await file.write(bytesOf('XX'), 0)
    await file.truncate(3)
    expect(textIn(disk.clone())).toBe('XXc')
    expect(textIn(disk.crash(noData))).toBe('abcdef')
    await file.sync()
    expect(textIn(disk.crash(noData))).toBe('XXc')
  })

  test('a sync covers only writes that are done', async () => {
    const { disk, file } = await diskWithFile('')
    const write = file.write(bytesOf('early'), 0)
    await file.sync()
    await write
    expect(textIn(disk.crash(noData))).toBe('')
    await file.sync()
    expect(textIn(disk.crash(noData))).toBe('early')
  })

  test('subset: each write survives or not', async () => {
    const { disk, file } = await diskWithFile('')
    for (const [place, text] of ['a', 'b', 'c'].entries()) await file.write(bytesOf(text), place)
    const states = statesOf(disk, 'subset')
    expect([...states].sort()).toEqual(
      ['', 'a', '\0b', 'ab', '\0\0c', 'a\0c', '\0bc', 'abc'].sort(),
    )
  })

  test('torn: writes end at one place, inside a write at a multiple of 512', async () => {
    const { disk, file } = await diskWithFile('')
    await file.write(bytesOf('a'.repeat(100)), 0)
    await file.write(bytesOf('b'.repeat(1500)), 100)
    const whole = 'a'.repeat(100) + 'b'.repeat(1500)
    expect(statesOf(disk, 'torn')).toEqual(
      new Set(['', whole.slice(0, 512), whole.slice(0, 1024), whole.slice(0, 1536)]),
    )
  })

  test('zeros: the file has its size, and zeros where bytes are missing', async () => {
    const { disk, file } = await diskWithFile('synced')
    await file.write(bytesOf('x'.repeat(1000)), 6)
    const states = statesOf(disk, 'zeros')
    expect(states).toEqual(new Set([`synced${'x'.repeat(506)}${'\0'.repeat(494)}`]))
    const small = await diskWithFile('synced')
    await small.file.write(bytesOf('lost'), 6)
    expect(statesOf(small.disk, 'zeros')).toEqual(new Set(['synced\0\0\0\0']))
  })

  test('sectors: each one survives or not, never a part of one', async () => {
    const { disk, file } = await diskWithFile('')
    await file.write(bytesOf('x'.repeat(1536)), 0)
    const states = statesOf(disk, 'sectors')
    expect(states.size).toBe(8)
    for (const state of states) {
      for (let at = 0; at < state.length; at += 512) {
        expect(new Set(state.slice(at, at + 512)).size).toBe(1)
      }
    }
  })

  test('mixed: files go different ways', async () => {
    const { disk, file } = await diskWithFile('')
    await file.write(bytesOf('a'), 0)
    await file.write(bytesOf('b'), 1)
    expect(statesOf(disk, 'mixed')).toEqual(new Set(['', 'a', 'ab', '\0b', '\0\0', 'a\0']))
  })

  test.each<CrashData>(['subset', 'sectors', 'torn', 'zeros', 'mixed'])(
    '%s: the same seed leaves the same state, and synced bytes always stay',
    async (data) => {
      const { disk, file } = await diskWithFile('synced')
      for (let at = 6; at < 3000; at += 300) await file.write(bytesOf('y'.repeat(300)), at)
      for (const seed of seeds) {
        const choice: CrashChoice = { data, names: 'subset', seed }
        const state = textIn(disk.crash(choice))
        expect(state).toBe(textIn(disk.crash(choice)))
        expect(state.startsWith('synced')).toBe(true)
        expect(state.length).toBeLessThanOrEqual(3006)
      }
    },
  )

  test('what a crash left is durable, and apart from the disk before', async () => {
    const { disk, file } = await diskWithFile('one')
    await file.write(bytesOf('two'), 3)
    const after = disk.crash(everything)
    await file.write(bytesOf('XXX'), 0)
    const again = await after.openForWriting('/f')
    expect(textIn(after.crash(noData))).toBe('onetwo')
    await again.write(bytesOf('Y'), 0)
    expect([textIn(disk), textIn(after), textIn(disk.crash(noData))]).toEqual([
      'XXXtwo',
      'Ynetwo',
      'one',
    ])
  })
})

describe('power cut: names', () => {
  test('syncing a new file does not save its name, syncing its directory does', async () => {
    const disk = new SimFileSystem()
    const file = await disk.createFile('/f')
    await file.write(bytesOf('abc'), 0)
    await file.sync()
    expect(namesIn(disk.crash(noNames))).toEqual([])
    await disk.syncDirectory('/')
    expect(textIn(disk.crash(noNames))).toBe('abc')
  })

  test('syncing the directory does not save the bytes', async () => {
    const disk = new SimFileSystem()
    const file = await disk.createFile('/f')
    await file.write(bytesOf('abc'), 0)
    await disk.syncDirectory('/')
    expect(textIn(disk.crash(noData))).toBe('')
  })

  test('a directory sync covers only what is done', async () => {
    const disk = new SimFileSystem()
    const creation = disk.createFile('/f')
    await disk.syncDirectory('/')
    await creation
    expect(namesIn(disk.crash(noNames))).toEqual([])
  })

  test('an unlinked file comes back', async () => {
    const { disk } = await diskWithFile('abc')
    await disk.unlink('/f')
    expect(namesIn(disk)).toEqual([])
    expect(textIn(disk.crash(noNames))).toBe('abc')
    await disk.syncDirectory('/')
    expect(namesIn(disk.crash(noNames))).toEqual([])
  })

  test('a rename is taken back as a whole: the target is the old file or the new one', async () => {
    const { disk } = await diskWithFile('old')
    disk.poke('/tmp', bytesOf('new'))
    await disk.rename('/tmp', '/f')
    const states = new Set(
      seeds.map((seed) => listing(disk.crash({ data: 'all', names: 'subset', seed }))),
    )
    expect(states).toEqual(new Set(['/f=new', '/f=old /tmp=new']))
    await disk.syncDirectory('/')
    expect(listing(disk.crash(noNames))).toBe('/f=new')
  })

  test('the file behind a new name may be without its bytes', async () => {
    const { disk } = await diskWithFile('old')
    const file = await disk.createFile('/tmp')
    await file.write(bytesOf('new'), 0)
    await disk.rename('/tmp', '/f')
    await disk.syncDirectory('/')
    expect(listing(disk.crash(noData))).toBe('/f=')
  })

  test('name changes survive one without the other', async () => {
    const disk = new SimFileSystem()
    for (const name of ['a', 'b', 'c']) await disk.createFile(`/${name}`)
    const states = new Set(
      seeds.map((seed) => listing(disk.crash({ data: 'all', names: 'subset', seed }))),
    )
    expect(states.size).toBe(8)
  })

  test('a directory that was not synced into its parent takes all below with it', async () => {
    const disk = new SimFileSystem()
    await disk.makeDirectory('/d')
    const file = await disk.createFile('/d/f')
    await file.sync()
    await disk.syncDirectory('/d')
    expect(namesIn(disk.crash(noNames))).toEqual([])
    await disk.syncDirectory('/')
    expect(namesIn(disk.crash(noNames))).toEqual(['/d/f'])
  })

  test('a rename across directories needs both synced, and never loses the file', async () => {
    const disk = new SimFileSystem()
    disk.poke('/from/f', bytesOf('abc'))
    disk.poke('/to/other', bytesOf(''))
    await disk.rename('/from/f', '/to/f')
    const sourceFirst = disk.clone()
    expect(namesIn(disk.crash(noNames))).toEqual(['/from/f', '/to/other'])
    await disk.syncDirectory('/to')
    expect(namesIn(disk.crash(noNames))).toEqual(['/from/f', '/to/other', '/to/f'])
    await disk.syncDirectory('/from')
    expect(namesIn(disk.crash(noNames))).toEqual(['/to/other', '/to/f'])
    await sourceFirst.syncDirectory('/from')
    expect(namesIn(sourceFirst.crash(noNames))).toEqual(['/to/other', '/to/f'])
  })
})

describe('process death', () => {
  test('keeps what was seen, still un-synced, and frees files, locks and faults', async () => {
    const { disk, file } = await diskWithFile('abc')
    await file.write(bytesOf('def'), 3)
    await disk.lockDirectory('/')
    disk.failAt({ at: 0, code: 'EIO', sticky: true })
    const next = disk.clone()
    expect(next.openFiles).toBe(0)
    expect(next.operations).toBe(0)
    await next.lockDirectory('/')
    const reopened = await next.openForWriting('/f')
    expect(textIn(next)).toBe('abcdef')
    expect(textIn(next.crash(noData))).toBe('abc')
    await reopened.sync()
    expect(textIn(next.crash(noData))).toBe('abcdef')
  })

  test('leaves two disks that do not see each other', async () => {
    const { disk, file } = await diskWithFile('abc')
    await file.write(bytesOf('d'), 3)
    const next = disk.clone()
    const nextFile = await next.openForWriting('/f')
    await file.write(bytesOf('OLD'), 0)
    await file.sync()
    await nextFile.write(bytesOf('NEW'), 0)
    expect([textIn(disk), textIn(disk.crash(noData))]).toEqual(['OLDd', 'OLDd'])
    expect([textIn(next), textIn(next.crash(noData))]).toEqual(['NEWd', 'abc'])
    await disk.unlink('/f')
    expect(namesIn(next)).toEqual(['/f'])
  })
})

describe('operations', () => {
  test('are counted and noted', async () => {
    const disk = new SimFileSystem()
    const journal = disk.record()
    const file = await disk.createFile('/f')
    await file.write(new Uint8Array(10), 0)
    await file.sync()
    await file.truncate(5)
    await file.read(new Uint8Array(3), 0)
    await file.size()
    await file.close()
    await disk.rename('/f', '/g')
    await disk.makeDirectory('/d')
    await disk.readDirectory('/')
    await disk.syncDirectory('/')
    await disk.unlink('/g')
    expect(disk.operations).toBe(10)
    expect(journal.map(({ number, kind, path }) => `${number} ${kind} ${path}`)).toEqual([
      '1 create /f',
      '2 write /f',
      '3 sync /f',
      '4 truncate /f',
      '5 read /f',
      '6 rename /f',
      '7 mkdir /d',
      '8 readdir /',
      '9 syncDirectory /',
      '10 unlink /g',
    ])
  })

  test('end when the power does, without effect', async () => {
    const { disk, file } = await diskWithFile('abc')
    disk.stopAfter(disk.operations + 1)
    await file.write(bytesOf('def'), 3)
    await expect(file.sync()).rejects.toThrow(SimPowerCut)
    await expect(file.write(bytesOf('x'), 0)).rejects.toThrow(SimPowerCut)
    await expect(disk.unlink('/f')).rejects.toThrow(SimPowerCut)
    await expect(file.size()).rejects.toThrow(SimPowerCut)
    await expect(disk.lockDirectory('/')).rejects.toThrow(SimPowerCut)
    expect(() => file.readSync(new Uint8Array(1), 0)).toThrow(SimPowerCut)
    expect(textIn(disk.crash(everything))).toBe('abcdef')
    expect(textIn(disk.crash(noData))).toBe('abc')
    expect(await disk.crash(noData).readDirectory('/')).toEqual(['f'])
  })

  test('open files are counted', async () => {
    const { disk, file } = await diskWithFile('')
    const second = await disk.openForReading('/f')
    expect(disk.openFiles).toBe(2)
    await second.close()
    await file.close()
    expect(disk.openFiles).toBe(0)
  })

  test('a file open for reading refuses writes', async () => {
    const { disk } = await diskWithFile('abc')
    const file = (await disk.openForReading('/f')) as WritableFile
    await expect(file.write(bytesOf('x'), 0)).rejects.toMatchObject({ code: 'EBADF' })
    await expect(file.sync()).rejects.toMatchObject({ code: 'EBADF' })
  })
})

describe('poke', () => {
  test('damages a file under its readers, durably', async () => {
    const { disk, file } = await diskWithFile('abc')
    disk.poke('/f', bytesOf('XY'))
    const target = new Uint8Array(3)
    expect(await file.read(target, 0)).toBe(2)
    expect(textIn(disk.crash(noData))).toBe('XY')
  })

  test('makes files and directories', () => {
    const disk = new SimFileSystem()
    disk.poke('/a/b/c', bytesOf('x'))
    expect(listing(disk.crash({ data: 'none', names: 'dropped' }))).toBe('/a/b/c=x')
  })
})

/** The states of `/f` that a hundred seeds leave. */
function statesOf(disk: SimFileSystem, data: CrashData): Set<string> {
  return new Set(seeds.map((seed) => textIn(disk.crash({ data, names: 'kept', seed }))))
}
