import { writeSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'

/** No case takes a tenth of this. */
const msMax = 60_000

let timer: NodeJS.Timeout | undefined

parentPort!.on('message', (name: string) => {
  clearTimeout(timer)
  timer = setTimeout(() => {
    writeSync(2, `${name}: it hangs\nreplay: KV_CASE='${name}' pnpm test:crash\n`)
    process.kill(process.pid, 'SIGKILL')
  }, msMax)
})
