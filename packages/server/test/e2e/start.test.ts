import {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { pictureOf } from './directory-picture.ts'
import { type Ended, ServerProcess } from './server-process.ts'

let directory: string
let data: string

beforeEach(async () => {
  directory = await mkdtemp(`${tmpdir()}/kv-start-`)
  data = `${directory}/data`
})

afterEach(() => rm(directory, { recursive: true, force: true }))

/** A start with these flags fails, and leaves everything below the test's directory as it was. */
async function failingStart(
  flags: readonly string[],
  variables?: NodeJS.ProcessEnv,
): Promise<Ended> {
  const before = await pictureOf(directory)
  const ended = await ServerProcess.startFailing(flags, variables)
  expect(await pictureOf(directory)).toEqual(before)
  expect(ended.stderr.split('\n')).toHaveLength(2)
  return ended
}

async function makeStore(): Promise<void> {
  const server = await ServerProcess.start(data)
  const client = await server.open()
  await client.ask({ kind: 'put', key: Buffer.from('a'), value: Buffer.from('1') })
  await server.signal('SIGTERM')
}

test('it says what it does, where the data is, and how to talk to it', async () => {
  const server = await ServerProcess.start(data)
  expect(await server.logged('is starting')).toMatchObject({ version: '0.1.0' })
  expect(await server.logged('the data is open')).toMatchObject({ dataDir: data, keys: 0 })
  expect(await server.logged('listening')).toMatchObject({ host: '127.0.0.1', port: server.port })
  const hint = await server.logged('kv -- put')
  expect(hint['msg']).toBe(
    `try: npm run --silent kv -- put greeting hello --address kv://127.0.0.1:${server.port}`,
  )
  const client = await server.open()
  const answer = await client.ask({ kind: 'put', key: Buffer.from('a'), value: Buffer.from('1') })
  expect(answer).toMatchObject({ kind: 'put', version: 1, durability: 'synced' })
})

test('data is for its owner alone, and only loopback TCP is open', async () => {
  const server = await ServerProcess.start(data)
  expect((await stat(data)).mode & 0o777).toBe(0o700)
  for (const name of await readdir(data, { recursive: true })) {
    expect((await stat(`${data}/${name}`)).mode & 0o077, name).toBe(0)
  }
  if (process.platform !== 'linux') return
  const listening = await socketsOf(server.pid)
  expect(listening).toEqual([{ table: 'tcp', address: '0100007F' }])
})

test('a variable that is no setting is warned of', async () => {
  const server = await ServerProcess.start(data, [], { KV_PROT: '1', KV_ADDRESS: 'kv://[::1]:1' })
  expect(await server.logged('environment variable')).toMatchObject({
    level: 'warn',
    variable: 'KV_PROT',
  })
})

test('help and version are printed, and nothing is started', async () => {
  const help = await ServerProcess.startFailing(['--help'])
  expect(help).toMatchObject({ code: 0, stderr: '' })
  const version = await ServerProcess.startFailing(['--', '--version'])
  expect(version).toMatchObject({ code: 0, stderr: '' })
})

describe('a start that cannot be says why in one line, and changes nothing:', () => {
  test('a bad flag, a bad value', async () => {
    expect(await failingStart(['--data-dir', data, '--bogus'])).toMatchObject({
      code: 64,
      stderr: 'kv: --bogus is not a flag; nothing was started; see --help for those there are\n',
    })
    expect(await failingStart(['--data-dir', data, '--port', 'x'])).toMatchObject({
      code: 64,
      stderr: 'kv: --port must be 0 to 65535, not "x"; nothing was started; correct it\n',
    })
  })

  test('an address that others reach', async () => {
    expect(await failingStart(['--data-dir', data, '--host', '0.0.0.0'])).toMatchObject({
      code: 64,
      stderr:
        'kv: --host 0.0.0.0 lets other machines in, and there is neither encryption nor a login yet; nothing was started; use 127.0.0.1, or add --insecure-no-tls and --insecure-no-auth if the network is trusted\n',
    })
  })

  test('a port in use', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    expect(await failingStart(['--data-dir', data, '--port', String(port)])).toMatchObject({
      code: 69,
      stderr: `kv: 127.0.0.1:${port} is in use by another program; nothing was changed; stop that one, or choose another --port\n`,
    })
    await new Promise((resolve) => other.close(resolve))
  })

  test('a privileged port', async ({ skip }) => {
    const free = await readFile('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8').catch(
      () => '1024',
    )
    if (process.getuid?.() === 0 || Number(free) <= 1) skip('this user may listen on any port')
    expect(await failingStart(['--data-dir', data, '--port', '1'])).toMatchObject({
      code: 77,
      stderr:
        'kv: the system does not let this user listen on 127.0.0.1:1; nothing was changed; choose a --port from 1024 on\n',
    })
  })

  test('a parent that does not exist', async () => {
    const path = `${directory}/none/data`
    expect(await failingStart(['--data-dir', path, '--port', '0'])).toMatchObject({
      code: 73,
      stderr: `kv: ${path} cannot be created, because ${directory}/none does not exist; nothing was changed; create it, or choose another --data-dir\n`,
    })
  })

  test('a file in the place of the directory, and of its parent', async () => {
    await writeFile(data, 'mine')
    expect(await failingStart(['--data-dir', data, '--port', '0'])).toMatchObject({
      code: 73,
      stderr: `kv: ${data} is not a directory; nothing was changed; choose another --data-dir\n`,
    })
    expect(await failingStart(['--data-dir', `${data}/x`, '--port', '0'])).toMatchObject({
      code: 73,
      stderr: `kv: ${data}/x cannot be created, because ${data} is not a directory; nothing was changed; choose another --data-dir\n`,
    })
  })

  test('a place where nobody, not even root, may create a directory', async () => {
    const ended = await failingStart(['--data-dir', '/proc/kv-data', '--port', '0'])
    expect(ended.code).toBe(73)
    expect(ended.stderr).toMatch(
      /^kv: \/proc\/kv-data cannot be (used|created).*; nothing was changed; .*choose another --data-dir\n$/,
    )
  })

  test('a directory with other files', async () => {
    await mkdir(data)
    await writeFile(`${data}/thesis.txt`, 'mine')
    const before = await filesOf(data)
    expect(await ServerProcess.startFailing(['--data-dir', data, '--port', '0'])).toMatchObject({
      code: 73,
      stderr: `kv: ${data} holds other files (thesis.txt) and no store; nothing was changed; choose an empty or a new directory\n`,
    })
    expect(await filesOf(data)).toEqual(before)
  })

  test('a directory in use, by whom', async () => {
    const holder = await ServerProcess.start(data, ['--durability', 'never'])
    expect(await failingStart(['--data-dir', data, '--port', '0'])).toMatchObject({
      code: 75,
      stderr: `kv: ${data} is in use by process ${holder.pid}; nothing was changed; stop that one, or choose another directory\n`,
    })
    const client = await holder.open()
    expect(await client.ask({ kind: 'ping' })).toMatchObject({ kind: 'ping' })
  })

  test('a damaged directory', async () => {
    await makeStore()
    const file = await open(`${data}/MANIFEST`, 'r+')
    await file.write(Buffer.from('damage'), 0, 6, 4)
    await file.close()
    const before = await filesOf(data)
    const ended = await ServerProcess.startFailing(['--data-dir', data, '--port', '0'])
    expect(ended).toMatchObject({
      code: 65,
      stderr:
        'kv: the store is damaged: MANIFEST: unreadable; nothing was changed; restore the directory from a backup, or save what is left of it with kv repair (docs/care.md)\n',
    })
    expect(await filesOf(data)).toEqual(before)
  })
})

/** All files but the lock, which is taken to look at the others and leaves its name behind. */
async function filesOf(store: string): Promise<string[]> {
  return (await pictureOf(store)).filter(
    (line) => !line.startsWith('LOCK.') && !line.startsWith('. '),
  )
}

/** What a process listens on: all its TCP and UDP sockets, those of established connections left away. */
async function socketsOf(pid: number): Promise<{ table: string; address: string }[]> {
  const inodes = new Set<string>()
  for (const descriptor of await readdir(`/proc/${pid}/fd`)) {
    const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')
    const inode = /^socket:\[([0-9]+)\]$/.exec(target)?.[1]
    if (inode !== undefined) inodes.add(inode)
  }
  const sockets: { table: string; address: string }[] = []
  for (const table of ['tcp', 'tcp6', 'udp', 'udp6']) {
    const rows = (await readFile(`/proc/${pid}/net/${table}`, 'utf8')).trim().split('\n').slice(1)
    for (const row of rows) {
      const columns = row.trim().split(/\s+/)
      if (inodes.has(columns[9]!)) sockets.push({ table, address: columns[1]!.split(':')[0]! })
    }
  }
  return sockets
}
