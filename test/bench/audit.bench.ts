import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startAppliance } from '../../ops/appliance.ts'
import { costPerBet, pairs } from './audit/cost.ts'
import { largeLog, leaves } from './audit/large-log.ts'
import type { Benchmark, RunOptions } from './benchmark.ts'
import { machine } from './machine.ts'

/**
 * What the audit log costs: processor time per bet with and without sealing, and in a log of ten million leaves a proof and
 * the proof of all of it. The large log is made once and kept; `COUNTROOM_BENCH_DIR` says where.
 */
const benchmark: Benchmark = {
  name: 'audit',
  summary: 'processor time of sealing per bet; proofs and verification in a log of ten million leaves',
  seconds: 3,
  async run(options) {
    const log = await largeLog(options)
    const cost = await costOf(options)
    return {
      conditions: {
        ...machine(tmpdir()),
        'cost per bet': `${pairs} pairs in turns of ${options.seconds} s, everything of edge, cores, worker, PostgreSQL, Redis and agent`,
        'confidence interval': cost.interval,
        'large log': `${leaves.toLocaleString('en')} leaves of batches, each entry some 230 bytes`,
      },
      figures: [...cost.figures, ...log],
    }
  },
}
export default benchmark

async function costOf(options: RunOptions) {
  const home = mkdtempSync(join(tmpdir(), 'cr-bench-'))
  chmodSync(home, 0o755) // the service user must reach it
  const appliance = await startAppliance({ home, freePorts: true })
  try {
    return await costPerBet(appliance, options)
  } finally {
    await appliance.stop()
    rmSync(home, { recursive: true, force: true })
  }
}
