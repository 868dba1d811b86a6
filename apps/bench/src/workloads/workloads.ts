/** Every workload, in the order of the report. */
import { batch } from './batch.ts'
import { deletes } from './delete.ts'
import { embedded } from './embedded.ts'
import { get } from './get.ts'
import { growth } from './growth.ts'
import { honesty } from './honesty.ts'
import { idle } from './idle.ts'
import { largerThanMemory } from './larger-than-memory.ts'
import { latency } from './latency.ts'
import { loadKeys } from './load.ts'
import { manyKeys } from './many-keys.ts'
import { maxRate } from './max-rate.ts'
import { merge } from './merge.ts'
import { open } from './open.ts'
import { put, putSynced } from './put.ts'
import { range } from './range.ts'
import { rangeCold } from './range-cold.ts'
import { soak } from './soak.ts'
import { valueSize } from './value-size.ts'
import type { Workload } from './workload.ts'
import { ycsb } from './ycsb.ts'

export const workloads: readonly Workload[] = [
  put,
  putSynced,
  get,
  ycsb,
  batch,
  range,
  deletes,
  valueSize,
  latency,
  maxRate,
  embedded,
  loadKeys,
  open,
  largerThanMemory,
  merge,
  rangeCold,
  growth,
  manyKeys,
  soak,
  idle,
  honesty,
]
