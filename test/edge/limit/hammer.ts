import { parentPort, workerData } from 'node:worker_threads'
import { openTable } from '../../../edge/limit/table.ts'

const { shared, mark, askers, burst, tries } = workerData
const table = openTable(new Int32Array(shared))
const admitted = Array<number>(askers).fill(0)
// Time stands still, so that nothing but the burst is to be had; the step is long enough that nobody's time passes.
for (let i = 0; i < tries; i++) {
  const who = askers < 100 ? (i * 7 + mark) % askers : i % askers
  if (table.take(who, 1000 + who, 0, 1000, 1000 * (burst - 1)) > 0) admitted[who] = admitted[who]! + 1
}
parentPort!.postMessage(admitted)
