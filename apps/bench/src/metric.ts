/**
 * Everything that is measured, with its unit and its better direction. A sample names its metrics by these
 * names; tables, plots, targets and comparisons take units from here.
 */

export type Unit =
  | 'op/s'
  | 'entry/s'
  | 'ms'
  | 's'
  | 'us'
  | 'B'
  | 'B/s'
  | '%'
  | 'x'
  | 'count'
  | 'B/min'
  | '1/min'

export interface Metric {
  readonly title: string
  readonly unit: Unit
  readonly better: 'higher' | 'lower'
}

const higher = (title: string, unit: Unit): Metric => ({ title, unit, better: 'higher' })
const lower = (title: string, unit: Unit): Metric => ({ title, unit, better: 'lower' })

export type MetricName =
  | 'throughput'
  | 'entries'
  | 'rateAtBound'
  | 'bandwidth'
  | 'mean'
  | 'p50'
  | 'p90'
  | 'p99'
  | 'p999'
  | 'max'
  | 'lateP99'
  | 'errors'
  | 'loadTime'
  | 'openTime'
  | 'rssPerKey'
  | 'heapPerKey'
  | 'rss'
  | 'heap'
  | 'stallP999'
  | 'stallMax'
  | 'cpuPerOperation'
  | 'cpuShare'
  | 'diskReads'
  | 'spaceAmplification'
  | 'rssGrowth'
  | 'descriptors'
  | 'descriptorGrowth'
  | 'checked'
  | 'merges'

export const metrics: Readonly<Record<MetricName, Metric>> = {
  throughput: higher('operations a second', 'op/s'),
  entries: higher('entries a second', 'entry/s'),
  rateAtBound: higher('highest rate with p99 under the bound', 'op/s'),
  bandwidth: higher('bytes a second', 'B/s'),
  mean: lower('mean latency', 'ms'),
  p50: lower('median latency', 'ms'),
  p90: lower('90th percentile of latency', 'ms'),
  p99: lower('99th percentile of latency', 'ms'),
  p999: lower('99.9th percentile of latency', 'ms'),
  max: lower('longest latency', 'ms'),
  lateP99: lower('99th percentile of how late the driver sent', 'ms'),
  errors: lower('failed operations', 'count'),
  loadTime: lower('time to load', 's'),
  openTime: lower('time to open', 's'),
  rssPerKey: lower('resident memory per key over an empty process', 'B'),
  heapPerKey: lower('V8 heap per key over an empty process', 'B'),
  rss: lower('resident memory', 'B'),
  heap: lower('V8 heap', 'B'),
  stallP999: lower('99.9th percentile of event-loop delay', 'ms'),
  stallMax: lower('longest event-loop delay', 'ms'),
  cpuPerOperation: lower('CPU time per operation', 'us'),
  cpuShare: lower('share of one core', '%'),
  diskReads: lower('disk reads per operation', 'count'),
  rssGrowth: lower('growth of resident memory', 'B/min'),
  descriptors: lower('open descriptors', 'count'),
  descriptorGrowth: lower('growth of open descriptors', '1/min'),
  checked: higher('answers held against the model', 'count'),
  merges: higher('merges', 'count'),
  spaceAmplification: lower('bytes on disk per live byte', 'x'),
}

export function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(metrics, name)
}
