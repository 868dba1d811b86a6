import { expect, test } from 'vitest'
import { readCommandLine } from './command-line.ts'
import { commands } from './commands.ts'

const list = `there are: ${commands.map(({ name }) => name).join(', ')}`
const read = (...argv: string[]) => readCommandLine(argv, commands, 100)

async function readRun(...argv: string[]) {
  const line = await read(...argv)
  if (line.kind !== 'run') return expect.unreachable(`it asks for ${line.kind}`)
  return line
}

test.each([
  [[], `there is no command; ${list}`],
  [['foo'], `unknown command 'foo'; ${list}`],
  [['toString'], `unknown command 'toString'; ${list}`],
  [['put\u001b[2J'], `unknown command 'put\u001b[2J'; ${list}`],
  [['--nope'], "unknown flag 'nope' (what begins with a dash stands behind --)"],
  [['get', '--nope', 'k'], "unknown flag 'nope' (what begins with a dash stands behind --)"],
  [['get', '--pref', 'k'], "unknown flag 'pref' (what begins with a dash stands behind --)"],
  [['get', '--prefix', 'k'], "unknown flag 'prefix' (what begins with a dash stands behind --)"],
  [['get', '-x', 'k'], "unknown flag 'x' (what begins with a dash stands behind --)"],
  [['get', '-5'], "unknown flag '5' (what begins with a dash stands behind --)"],
  [['get', '--no-json', 'k'], "unknown flag 'no-json' (what begins with a dash stands behind --)"],
  [
    ['get', '--constructor=1', 'k'],
    "unknown flag 'constructor' (what begins with a dash stands behind --)",
  ],
  [['get'], '<key> is missing: kv get <key>'],
  [['put', '--json'], '<key> is missing: kv put <key> [value]'],
  [['get', 'a', 'b'], "'b' is one too many: kv get <key>"],
  [['stats', 'now'], "'now' is one too many: kv stats"],
  [['range', '--prefix'], '--prefix wants a value'],
  [['range', '--prefix', '--json'], '--prefix wants a value'],
  [['range', '--json=yes'], '--json takes no value'],
  [['range', '--reverse=1'], '--reverse takes no value'],
])('%j is refused', async (argv, message) => {
  await expect(read(...argv)).rejects.toMatchObject({ code: 'CLI_USAGE', message })
})

test('keys are taken as they are written', async () => {
  for (const key of [
    '007',
    '1e3',
    '0x10',
    'true',
    'help',
    'version',
    '',
    'a.b',
    'a=b',
    '__proto__',
    'put',
  ]) {
    expect((await readRun('get', key)).args.required('key')).toBe(key)
  }
  const { args } = await readRun('put', 'name', 'help')
  expect([args.required('key'), args.optional('value')]).toEqual(['name', 'help'])
})

test('behind -- everything is a key or a value', async () => {
  const { args } = await readRun('put', '--', '-k', '--json')
  expect([args.required('key'), args.optional('value')]).toEqual(['-k', '--json'])
  expect(args.isSet('json')).toBe(false)
  expect((await readRun('put', 'k', '--', '--json=no')).args.optional('value')).toBe('--json=no')
})

test('flags stand anywhere, with = or without, and take values that begin with a dash', async () => {
  for (const argv of [
    ['--json', '-a', 'kv://h', 'range', '--limit=3'],
    ['range', '--limit', '3', '--json', '--address=kv://h'],
  ]) {
    const { command, args } = await readRun(...argv)
    expect(command.name).toBe('range')
    expect(args.text('address')).toBe('kv://h')
    expect(args.wholeNumber('limit', 0)).toBe(3)
    expect(args.isSet('json')).toBe(true)
    expect(args.isSet('reverse')).toBe(false)
  }
  expect((await readRun('range', '--gte=-1')).args.text('gte')).toBe('-1')
  expect((await readRun('range', '--gte', '')).args.text('gte')).toBe('')
})

test('a flag given twice is refused where it has a value', async () => {
  const { args } = await readRun('range', '--gte', 'a', '--gte', 'b', '--json', '--json')
  expect(() => args.text('gte')).toThrow('--gte is given more than once')
  expect(args.isSet('json')).toBe(true)
})

test('numbers and choices are checked', async () => {
  for (const limit of ['x', '', '-1', '1.5', '1e3', '0x1', ' 1', '99999999999999999']) {
    const { args } = await readRun('range', `--limit=${limit}`)
    expect(() => args.wholeNumber('limit', 0)).toThrow(
      `--limit must be a whole number from 0 on, not '${limit}'`,
    )
  }
  const { args } = await readRun('range', '--timeout-ms=0', '--key-encoding=HEX')
  expect(() => args.wholeNumber('timeout-ms', 1, 10)).toThrow('from 1 to 10')
  expect(() => args.choice('key-encoding', ['text', 'hex'], 'text')).toThrow(
    "--key-encoding must be one of text, hex, not 'HEX'",
  )
})

test('help names every command, and of a command every flag', async () => {
  const help = await read('--help')
  for (const { name, summary } of commands) {
    expect(help).toMatchObject({ kind: 'help', text: expect.stringContaining(`kv ${name}`) })
    expect(help).toMatchObject({ text: expect.stringContaining(summary) })
  }
  for (const { name, flags } of commands) {
    const own = await read(name, '--help')
    for (const flag of [...Object.keys(flags), 'address', 'timeout-ms', 'json']) {
      expect(own).toMatchObject({ kind: 'help', text: expect.stringContaining(`--${flag} `) })
    }
  }
})

test('help and version do not ask for the rest', async () => {
  expect(await read('get', '-h')).toMatchObject({ kind: 'help' })
  expect(await read('--version')).toEqual({ kind: 'version' })
  expect(await read('get', '--version')).toEqual({ kind: 'version' })
})
