/**
 * What `strace -f -ttt -yy -xx -o FILE` writes, read as calls that begin and end.
 *
 * strace notes a call before it runs, and that it has returned before its thread goes on. So the lines of all
 * threads are in an order that the process cannot contradict: what a thread does after a call comes after that
 * call's end. When another thread is noted in between, a call takes two lines, `… <unfinished ...>` and
 * `<... call resumed>…`. All strings are in hex, so that no byte of theirs is taken for syntax.
 */
import { readFileSync } from 'node:fs'

export interface TracedCall {
  readonly thread: number
  readonly name: string
  /** As they are printed. */
  readonly args: string
  /** Places in the trace: one call ended before another one began if `end < begin`. */
  readonly begin: number
  /** Infinite for a call that never returned: the process died in it. */
  end: number
  /** What it returned; undefined for an error and for a call that never returned. */
  result: number | undefined
  error: string | undefined
  /** strace returned in its place, or held it up. */
  isTamperedWith: boolean
}

export type TraceEvent =
  | { readonly type: 'begin'; readonly call: TracedCall }
  | { readonly type: 'end'; readonly call: TracedCall }

const lineForm = /^(\d+) +\d+\.\d+ ([^]*)$/
const resumedForm = /^<\.\.\. (\w+) resumed>([^]*)$/
/** A thread was killed before strace could read what it called: the call was not made. */
const unreadForm = /^(<\.\.\. )?\?+[ (]/
const callForm = /^(\w+)\(([^]*)$/
const unfinished = ' <unfinished ...>'
const resultMark = ' = '

/** All events, in order. Calls carry their results from the beginning. */
export function readTrace(path: string): TraceEvent[] {
  return parseTrace(readFileSync(path, 'latin1'))
}

export function parseTrace(text: string): TraceEvent[] {
  const events: TraceEvent[] = []
  /** By thread, which is in one call at a time. */
  const open = new Map<number, TracedCall>()
  const lines = text.split('\n')
  for (const [place, line] of lines.entries()) {
    const form = lineForm.exec(line)
    if (form === null) {
      // When strace is killed its last line has no end.
      if (place < lines.length - 1) throw new Error(`no trace: ${line}`)
      break
    }
    const [thread, rest] = [Number(form[1]), form[2]!]
    // Signals, and ends of threads.
    if (rest.startsWith('---') || rest.startsWith('+++') || unreadForm.test(rest)) continue
    const resumed = resumedForm.exec(rest)
    if (resumed !== null) {
      const call = open.get(thread)
      if (call === undefined || call.name !== resumed[1])
        throw new Error(`${resumed[1]} ends, and has not begun`)
      open.delete(thread)
      end(call, resumed[2]!)
      continue
    }
    const [, name, tail] = callForm.exec(rest) ?? []
    if (name === undefined || tail === undefined) throw new Error(`no call: ${line}`)
    const isCut = place === lines.length - 1 && !tail.includes(resultMark)
    const isWhole = !isCut && !tail.endsWith(unfinished)
    const args = isWhole ? tail.slice(0, resultPlace(tail)) : tail.replace(unfinished, '')
    const call: TracedCall = {
      thread,
      name,
      args: isWhole ? args.trimEnd().slice(0, -1) : args,
      begin: events.length,
      end: Number.POSITIVE_INFINITY,
      result: undefined,
      error: undefined,
      isTamperedWith: false,
    }
    events.push({ type: 'begin', call })
    if (isWhole) end(call, tail)
    else open.set(thread, call)
  }
  return events

  function end(call: TracedCall, tail: string): void {
    const text = tail.slice(resultPlace(tail) + resultMark.length)
    if (text.startsWith('?')) return
    const number = /^-?\d+/.exec(text)
    if (number === null) throw new Error(`${call.name} returned '${text}'`)
    call.error = /^-1 (E[A-Z0-9]+)/.exec(text)?.[1]
    if (call.error === undefined) call.result = Number(number[0])
    call.isTamperedWith = / \((INJECTED|DELAYED)\)/.test(text)
    call.end = events.length
    events.push({ type: 'end', call })
  }
}

/** Where the result of a call begins in its line; strings are in hex, so that nothing else looks like it. */
function resultPlace(tail: string): number {
  const place = tail.lastIndexOf(resultMark)
  if (place === -1) throw new Error(`a call without a result: ${tail.slice(0, 100)}`)
  return place
}

/** The descriptor a call is about, and what strace says that it is of. */
export interface TracedDescriptor {
  readonly number: number
  /** A path, or `TCP:[here->there]` and the like. */
  readonly of: string
}

/** The first argument of `call`, if that is a descriptor. */
export function descriptorOf({ args }: TracedCall): TracedDescriptor | undefined {
  const form = /^(\d+)<([^"]*?)>(?=[,(]|$)/.exec(args)
  if (form === null) return undefined
  const [, number, of] = form
  return { number: Number(number), of: of!.startsWith('\\x') ? bytesOf(of!).toString() : of! }
}

/** The strings of `call`, in order: paths, or bytes that it writes. */
export function stringsOf({ name, args }: TracedCall): Buffer[] {
  return Array.from(args.matchAll(/"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?/g), ([, hex, cut]) => {
    if (cut !== undefined) throw new Error(`${name} has more bytes than strace was told to print`)
    return bytesOf(hex!)
  })
}

/** The last argument of `call`, a number. */
export function lastNumberOf({ name, args }: TracedCall): number {
  const form = /(?:^|, )(\d+)$/.exec(args)
  if (form === null) throw new Error(`${name} does not end with a number`)
  return Number(form[1])
}

/** The bytes that `call` wrote, or was about to write when its process died; none for one that failed. */
export function bytesWritten(call: TracedCall): Buffer {
  if (call.error !== undefined) return Buffer.alloc(0)
  const bytes = Buffer.concat(stringsOf(call))
  return call.result === undefined ? bytes : bytes.subarray(0, call.result)
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll('\\x', ''), 'hex')
}
