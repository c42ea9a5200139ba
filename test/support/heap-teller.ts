import { writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Loaded into the workers of an edge that is tested: on SIGUSR2 a process collects what nobody refers to any more, and writes how many bytes
 * are left. What the system counts for it says little, since V8 keeps room that it has once needed.
 */
const folder = process.env.COUNTROOM_HEAP_TOLD_IN
if (folder !== undefined) {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  process.on('SIGUSR2', () => {
    collect()
    setTimeout(() => {
      collect() // what finalizers let go
      const { heapUsed, external } = process.memoryUsage()
      writeFileSync(`${folder}/heap.${process.pid}`, String(heapUsed + external))
    }, 100)
  })
}
