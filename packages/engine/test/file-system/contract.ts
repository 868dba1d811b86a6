import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { FileSystem, ReadableFile, WritableFile } from '../../src/file-system/file-system.ts'
import { DirectoryLockedError } from '../../src/file-system/file-system.ts'
import { readFully, readFullySync, writeFully } from '../../src/file-system/transfer.ts'

export interface FileSystemUnderTest {
  fileSystem: FileSystem
  /** An existing empty directory. */
  root: string
  /** Makes a symbolic link, where there are such. */
  symlink?: (target: string, path: string) => Promise<void>
  cleanUp: () => Promise<void>
}

/** What the engine relies on, for the real disk and for the simulated one. */
export function describeFileSystemContract(
  name: string,
  make: () => Promise<FileSystemUnderTest>,
): void {
  describe(`file system contract: ${name}`, () => {
    let made: FileSystemUnderTest
    let fileSystem: FileSystem
    let path: (name: string) => string
    let opened: { close(): Promise<void> }[]

    beforeEach(async () => {
      made = await make()
      fileSystem = made.fileSystem
      path = (name) => `${made.root}/${name}`
      opened = []
    })

    afterEach(async () => {
      for (const file of opened) await file.close()
      await made.cleanUp()
    })

    async function create(name: string, text = ''): Promise<WritableFile> {
      const file = await fileSystem.createFile(path(name))
      opened.push(file)
      await writeFully(file, bytesOf(text), 0)
      return file
    }

    async function textAt(name: string): Promise<string> {
      const file = await fileSystem.openForReading(path(name))
      try {
        return await textOf(file)
      } finally {
        await file.close()
      }
    }

    describe('bytes', () => {
      test('a new file is empty', async () => {
        const file = await create('a')
        expect(await file.size()).toBe(0)
        expect(await file.read(new Uint8Array(4), 0)).toBe(0)
      })

      test('appended bytes are read back through every open file', async () => {
        const file = await create('a', 'one')
        await writeFully(file, bytesOf('two'), 3)
        expect(await textOf(file)).toBe('onetwo')
        expect(await textAt('a')).toBe('onetwo')
      })

      test('a write at a position replaces only its bytes', async () => {
        const file = await create('a', 'abcdef')
        await writeFully(file, bytesOf('XY'), 2)
        expect(await textOf(file)).toBe('abXYef')
      })

      test('the writer may reuse its buffer once the write is done', async () => {
        const file = await create('a')
        const buffer = bytesOf('kept')
        await writeFully(file, buffer, 0)
        buffer.fill(0)
        expect(await textOf(file)).toBe('kept')
      })

      test('a gap before a write reads as zeros', async () => {
        const file = await create('a', 'ab')
        await writeFully(file, bytesOf('z'), 5)
        expect(await textOf(file)).toBe('ab\0\0\0z')
      })

      test('truncate cuts, extends with zeros, and cut bytes do not come back', async () => {
        const file = await create('a', 'abcdef')
        await file.truncate(2)
        expect(await textOf(file)).toBe('ab')
        await file.truncate(4)
        expect(await textOf(file)).toBe('ab\0\0')
        await file.truncate(0)
        await writeFully(file, bytesOf('y'), 3)
        expect(await textOf(file)).toBe('\0\0\0y')
      })

      test('sync leaves the bytes as they are', async () => {
        const file = await create('a', 'abc')
        await file.sync()
        await file.sync()
        expect(await textAt('a')).toBe('abc')
      })

      test('a write of no bytes changes nothing', async () => {
        const file = await create('a', 'abc')
        expect(await file.write(new Uint8Array(0), 100)).toBe(0)
        expect(await file.size()).toBe(3)
      })
    })

    describe('reads', () => {
      test('end at the end of the file', async () => {
        const file = await create('a', 'abcdef')
        const target = new Uint8Array(10).fill(0xff)
        expect(await file.read(target, 4)).toBe(2)
        expect([...target.subarray(0, 3)]).toEqual([0x65, 0x66, 0xff])
        expect(await file.read(target, 6)).toBe(0)
        expect(await file.read(target, 600)).toBe(0)
        expect(await readFully(file, target, 1)).toBe(5)
      })

      test('in this turn give the same as others', async () => {
        const file = await create('a', 'abcdef')
        const target = new Uint8Array(10)
        expect(file.readSync(target, 4)).toBe(2)
        expect(file.readSync(target, 6)).toBe(0)
        expect(readFullySync(file, target, 1)).toBe(5)
        expect(new TextDecoder().decode(target.subarray(0, 5))).toBe('bcdef')
      })

      test('fill a part of a larger buffer and nothing beside it', async () => {
        const file = await create('a', 'abcdef')
        const buffer = new Uint8Array(6)
        await readFully(file, buffer.subarray(2, 4), 1)
        expect([...buffer]).toEqual([0, 0, 0x62, 0x63, 0, 0])
      })
    })

    describe('opening', () => {
      test('a missing file is ENOENT', async () => {
        await expect(fileSystem.openForReading(path('a'))).rejects.toMatchObject(code('ENOENT'))
        await expect(fileSystem.openForWriting(path('a'))).rejects.toMatchObject(code('ENOENT'))
        await expect(fileSystem.createFile(path('no/a'))).rejects.toMatchObject(code('ENOENT'))
      })

      test('a file in the place of a directory is ENOTDIR', async () => {
        await create('a')
        await expect(fileSystem.openForReading(path('a/b'))).rejects.toMatchObject(code('ENOTDIR'))
      })

      test('a taken name is EEXIST and its file is untouched', async () => {
        await create('a', 'abc')
        await fileSystem.makeDirectory(path('d'))
        await expect(fileSystem.createFile(path('a'))).rejects.toMatchObject(code('EEXIST'))
        await expect(fileSystem.createFile(path('d'))).rejects.toMatchObject(code('EEXIST'))
        expect(await textAt('a')).toBe('abc')
      })

      test('for writing keeps the bytes', async () => {
        await create('a', 'abc')
        const file = await fileSystem.openForWriting(path('a'))
        opened.push(file)
        await writeFully(file, bytesOf('d'), 3)
        expect(await textAt('a')).toBe('abcd')
      })

      test('a directory for writing is EISDIR', async () => {
        await fileSystem.makeDirectory(path('d'))
        await expect(fileSystem.openForWriting(path('d'))).rejects.toMatchObject(code('EISDIR'))
      })

      test('a closed file refuses everything', async () => {
        const file = await fileSystem.createFile(path('a'))
        await file.close()
        await expect(file.write(bytesOf('a'), 0)).rejects.toThrow()
        await expect(file.read(new Uint8Array(1), 0)).rejects.toThrow()
        await expect(file.sync()).rejects.toThrow()
        await expect(file.close()).rejects.toThrow()
        expect(() => file.readSync(new Uint8Array(1), 0)).toThrow()
      })

      test('never follows a symbolic link', async ({ skip }) => {
        const { symlink } = made
        skip(symlink === undefined, 'no symbolic links')
        await create('a', 'abc')
        await symlink?.(path('a'), path('link'))
        await symlink?.(path('nowhere'), path('dangling'))
        await expect(fileSystem.openForReading(path('link'))).rejects.toMatchObject(code('ELOOP'))
        await expect(fileSystem.openForWriting(path('link'))).rejects.toMatchObject(code('ELOOP'))
        await expect(fileSystem.createFile(path('dangling'))).rejects.toMatchObject(code('EEXIST'))
      })
    })

    describe('names', () => {
      test('rename moves a file and replaces the one there', async () => {
        await create('a', 'new')
        await create('b', 'old')
        await fileSystem.rename(path('a'), path('b'))
        expect(await fileSystem.readDirectory(made.root)).toEqual(['b'])
        expect(await textAt('b')).toBe('new')
      })

      test('rename moves between directories', async () => {
        await fileSystem.makeDirectory(path('d'))
        await create('a', 'abc')
        await fileSystem.rename(path('a'), path('d/b'))
        expect(await fileSystem.readDirectory(made.root)).toEqual(['d'])
        expect(await textAt('d/b')).toBe('abc')
      })

      test('rename to itself changes nothing', async () => {
        await create('a', 'abc')
        await fileSystem.rename(path('a'), path('a'))
        expect(await textAt('a')).toBe('abc')
      })

      test('rename of a missing file is ENOENT and leaves the target', async () => {
        await create('b', 'old')
        await expect(fileSystem.rename(path('a'), path('b'))).rejects.toMatchObject(code('ENOENT'))
        await expect(fileSystem.rename(path('b'), path('no/b'))).rejects.toMatchObject(
          code('ENOENT'),
        )
        expect(await textAt('b')).toBe('old')
      })

      test('rename of a file to a directory is EISDIR', async () => {
        await create('a')
        await fileSystem.makeDirectory(path('d'))
        await expect(fileSystem.rename(path('a'), path('d'))).rejects.toMatchObject(code('EISDIR'))
      })

      test('an open file goes on under its new name', async () => {
        const file = await create('a', 'abc')
        await fileSystem.rename(path('a'), path('b'))
        await writeFully(file, bytesOf('d'), 3)
        await file.sync()
        expect(await textAt('b')).toBe('abcd')
      })

      test('an open file that is replaced keeps its bytes', async () => {
        const old = await create('b', 'old')
        await create('a', 'new')
        await fileSystem.rename(path('a'), path('b'))
        expect(await textOf(old)).toBe('old')
      })

      test('an open file that is unlinked stays readable and writable', async () => {
        const file = await create('a', 'abc')
        await fileSystem.unlink(path('a'))
        expect(await fileSystem.readDirectory(made.root)).toEqual([])
        await writeFully(file, bytesOf('d'), 3)
        await file.sync()
        expect(await textOf(file)).toBe('abcd')
        await expect(fileSystem.openForReading(path('a'))).rejects.toMatchObject(code('ENOENT'))
      })

      test('a new file under an unlinked name is another file', async () => {
        const old = await create('a', 'old')
        await fileSystem.unlink(path('a'))
        await create('a', 'new')
        expect(await textOf(old)).toBe('old')
        expect(await textAt('a')).toBe('new')
      })

      test('unlink of a missing file is ENOENT', async () => {
        await expect(fileSystem.unlink(path('a'))).rejects.toMatchObject(code('ENOENT'))
      })
    })

    describe('directories', () => {
      test('list the names of their files and directories', async () => {
        await create('a')
        await create('b')
        await fileSystem.makeDirectory(path('d'))
        await create('d/inner')
        expect((await fileSystem.readDirectory(made.root)).sort()).toEqual(['a', 'b', 'd'])
        expect(await fileSystem.readDirectory(path('d'))).toEqual(['inner'])
      })

      test('EEXIST for a taken name, ENOENT without a parent', async () => {
        await create('a')
        await fileSystem.makeDirectory(path('d'))
        await expect(fileSystem.makeDirectory(path('a'))).rejects.toMatchObject(code('EEXIST'))
        await expect(fileSystem.makeDirectory(path('d'))).rejects.toMatchObject(code('EEXIST'))
        await expect(fileSystem.makeDirectory(path('no/d'))).rejects.toMatchObject(code('ENOENT'))
      })

      test('ENOENT for a missing one', async () => {
        await expect(fileSystem.readDirectory(path('d'))).rejects.toMatchObject(code('ENOENT'))
        await expect(fileSystem.syncDirectory(path('d'))).rejects.toMatchObject(code('ENOENT'))
        await expect(fileSystem.lockDirectory(path('d'))).rejects.toMatchObject(code('ENOENT'))
      })

      test('ENOTDIR for a file', async () => {
        await create('a')
        await expect(fileSystem.readDirectory(path('a'))).rejects.toMatchObject(code('ENOTDIR'))
        await expect(fileSystem.syncDirectory(path('a'))).rejects.toMatchObject(code('ENOTDIR'))
        await expect(fileSystem.lockDirectory(path('a'))).rejects.toMatchObject(code('ENOTDIR'))
      })

      test('sync leaves the names as they are', async () => {
        await create('a')
        await fileSystem.syncDirectory(made.root)
        expect(await fileSystem.readDirectory(made.root)).toEqual(['a'])
      })
    })

    describe('lock', () => {
      test('excludes a second one until it is released', async () => {
        for (let round = 0; round < 3; round++) {
          const lock = await fileSystem.lockDirectory(made.root)
          await expect(fileSystem.lockDirectory(made.root)).rejects.toThrow(DirectoryLockedError)
          await lock.release()
        }
      })

      test('released twice frees nobody else', async () => {
        const first = await fileSystem.lockDirectory(made.root)
        await first.release()
        const second = await fileSystem.lockDirectory(made.root)
        await first.release()
        await expect(fileSystem.lockDirectory(made.root)).rejects.toThrow(DirectoryLockedError)
        await second.release()
      })

      test('of two at once one wins', async () => {
        const attempts = Array.from({ length: 4 }, () => fileSystem.lockDirectory(made.root))
        const results = await Promise.allSettled(attempts)
        const held = results.filter((result) => result.status === 'fulfilled')
        expect(held.length).toBe(1)
        await held[0]!.value.release()
      })

      test('for reading excludes as any, and leaves the names as they were', async () => {
        await (await fileSystem.lockDirectory(made.root)).release()
        const names = (await fileSystem.readDirectory(made.root)).sort()
        for (let round = 0; round < 3; round++) {
          const lock = await fileSystem.lockDirectory(made.root, 'read')
          for (const use of ['read', 'write'] as const) {
            await expect(fileSystem.lockDirectory(made.root, use)).rejects.toThrow(
              DirectoryLockedError,
            )
          }
          await lock.release()
          expect((await fileSystem.readDirectory(made.root)).sort()).toEqual(names)
        }
        await (await fileSystem.lockDirectory(made.root)).release()
      })

      test('of one directory leaves others free', async () => {
        await fileSystem.makeDirectory(path('d'))
        const locks = [
          await fileSystem.lockDirectory(made.root),
          await fileSystem.lockDirectory(path('d')),
        ]
        for (const lock of locks) await lock.release()
      })
    })
  })
}

function code(code: string): { code: string } {
  return { code }
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

async function textOf(file: ReadableFile): Promise<string> {
  const target = new Uint8Array(await file.size())
  expect(await readFully(file, target, 0)).toBe(target.length)
  return new TextDecoder().decode(target)
}
