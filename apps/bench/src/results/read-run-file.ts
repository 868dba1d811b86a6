/**
 * Reads run files, and lets nothing through that the tables and plots could trip over. What a newer bench adds
 * without a new schema is kept and ignored.
 */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { isMetricName } from '../metric.ts'
import { decodeHistogram } from './latency-histogram.ts'
import { type RunFile, runFileSchema } from './run-file.ts'

/** One line: the file, what is wrong with it, and what to do. */
export class RunFileError extends Error {
  override readonly name = 'RunFileError'
}

export async function readRunFile(path: string): Promise<RunFile> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'ENOENT' ? 'there is no such file' : error.message
    throw new RunFileError(`${path}: ${reason}; pnpm bench <workload> writes one`)
  })
  return parseRunFile(text, basename(path))
}

/** `name` is how errors call the file. */
export function parseRunFile(text: string, name: string): RunFile {
  try {
    return runFile(parse(text), name)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    throw new RunFileError(`${name}: ${error.message}; ${error.advice}`)
  }
}

const measureAgain = 'it is damaged or was edited: measure again'

/** What is wrong, and what to do. */
class Problem extends Error {
  readonly advice: string

  constructor(message: string, advice: string = measureAgain) {
    super(message)
    this.advice = advice
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Problem('is not JSON', 'give a file that pnpm bench has written')
  }
}

function runFile(value: unknown, name: string): RunFile {
  const file = objectAt(value, name)
  if (file['schema'] !== runFileSchema) {
    const found =
      file['schema'] === undefined ? 'no schema' : `schema ${JSON.stringify(file['schema'])}`
    throw new Problem(`has ${found}, not "${runFileSchema}"`, 'measure again with this version')
  }
  strings(file, '', 'command', 'startedAt', 'endedAt', 'revision')
  if (typeof file['quick'] !== 'boolean') throw new Problem('quick is not true or false')
  const machine = objectAt(file['machine'], 'machine')
  strings(machine, 'machine.', 'cpu', 'system', 'kernel', 'fileSystem', 'node')
  numbers(machine, 'machine.', 'cores', 'memoryBytes', 'loadAverage')
  for (const [at, each] of arrayAt(file['workloads'], 'workloads').entries()) {
    checkWorkload(each, `workloads[${at}]`)
  }
  return value as RunFile
}

function checkWorkload(value: unknown, at: string): void {
  const workload = objectAt(value, at)
  strings(workload, `${at}.`, 'name', 'title', 'about')
  numbers(workload, `${at}.`, 'rounds')
  const path = `workload ${workload['name'] as string}`
  const parameters = objectAt(workload['parameters'], `${path}, parameters`)
  for (const [name, parameter] of Object.entries(parameters)) {
    if (typeof parameter !== 'string' && typeof parameter !== 'number') {
      throw new Problem(`${path}: the parameter '${name}' is neither text nor number`)
    }
  }
  const subjects = arrayAt(workload['subjects'], `${path}, subjects`).map((each, index) =>
    checkSubject(each, `${path}, subjects[${index}].`),
  )
  for (const [index, each] of arrayAt(workload['skipped'], `${path}, skipped`).entries()) {
    const skipped = objectAt(each, `${path}, skipped[${index}]`)
    strings(skipped, `${path}, skipped[${index}].`, 'subject', 'reason')
  }
  for (const [index, each] of arrayAt(workload['cases'], `${path}, cases`).entries()) {
    checkCase(each, `${path}, cases[${index}]`)
  }
  for (const [index, each] of arrayAt(workload['samples'], `${path}, samples`).entries()) {
    checkSample(each, `${path}, samples[${index}]`, subjects)
  }
}

/** Gives its name. */
function checkSubject(value: unknown, at: string): string {
  const subject = objectAt(value, at)
  strings(subject, at, 'name', 'title', 'side', 'product', 'acknowledges')
  if (!['kv', 'peer', 'machine'].includes(subject['side'] as string)) {
    throw new Problem(`${at}side is '${subject['side'] as string}', not kv, peer or machine`)
  }
  objectAt(subject['versions'], `${at}versions`)
  arrayAt(subject['options'], `${at}options`)
  return subject['name'] as string
}

function checkCase(value: unknown, at: string): void {
  const found = objectAt(value, at)
  strings(found, `${at}.`, 'name')
  const metrics = arrayAt(found['metrics'], `${at}.metrics`)
  if (metrics.length === 0) throw new Problem(`${at}.metrics is empty`)
  for (const metric of metrics) checkMetric(metric, at)
  if (found['axis'] === undefined) return
  const axis = objectAt(found['axis'], `${at}.axis`)
  strings(axis, `${at}.axis.`, 'name')
  numbers(axis, `${at}.axis.`, 'value')
}

function checkSample(value: unknown, at: string, subjects: readonly string[]): void {
  const sample = objectAt(value, at)
  numbers(sample, `${at}.`, 'round')
  strings(sample, `${at}.`, 'subject', 'case')
  if (!subjects.includes(sample['subject'] as string)) {
    throw new Problem(
      `${at}.subject is '${sample['subject'] as string}', which is not among the subjects`,
    )
  }
  const values = objectAt(sample['values'], `${at}.values`)
  for (const metric of Object.keys(values)) checkMetric(metric, at)
  numbers(values, `${at}.values.`, ...Object.keys(values))
  checkHistogram(sample['histogram'], at)
  if (sample['timeline'] !== undefined) checkTimeline(sample['timeline'], `${at}.timeline`)
}

function checkMetric(name: unknown, at: string): void {
  if (typeof name === 'string' && isMetricName(name)) return
  const advice = 'it may come from a newer version: measure again with this one'
  throw new Problem(`${at} has the unknown metric ${JSON.stringify(name)}`, advice)
}

function checkHistogram(value: unknown, at: string): void {
  if (value === undefined) return
  try {
    decodeHistogram(value as string)
  } catch {
    throw new Problem(`${at}.histogram cannot be decoded`)
  }
}

function checkTimeline(value: unknown, at: string): void {
  const timeline = objectAt(value, at)
  numbers(timeline, `${at}.`, 'sliceMs')
  for (const name of ['p50', 'p99', 'max']) {
    const slices = arrayAt(timeline[name], `${at}.${name}`)
    if (slices.some((each) => each !== null && !Number.isFinite(each))) {
      throw new Problem(`${at}.${name} has something that is neither number nor null`)
    }
  }
  for (const [index, each] of arrayAt(timeline['events'], `${at}.events`).entries()) {
    const event = objectAt(each, `${at}.events[${index}]`)
    strings(event, `${at}.events[${index}].`, 'kind')
    numbers(event, `${at}.events[${index}].`, 'fromMs', 'toMs')
  }
}

type Fields = Readonly<Record<string, unknown>>

function objectAt(value: unknown, at: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw new Problem(value === undefined ? `lacks ${at}` : `${at} is not an object`)
}

function arrayAt(value: unknown, at: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new Problem(value === undefined ? `lacks ${at}` : `${at} is not a list`)
}

function strings(fields: Fields, at: string, ...names: string[]): void {
  for (const name of names)
    need(fields[name], typeof fields[name] === 'string', `${at}${name}`, 'text')
}

/** Finite ones: JSON has no others. */
function numbers(fields: Fields, at: string, ...names: string[]): void {
  for (const name of names)
    need(fields[name], Number.isFinite(fields[name]), `${at}${name}`, 'a number')
}

function need(value: unknown, isRight: boolean, at: string, kind: string): void {
  if (isRight) return
  throw new Problem(value === undefined ? `lacks ${at}` : `${at} is not ${kind}`)
}
