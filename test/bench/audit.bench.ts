import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startAppliance } from '../../ops/appliance.ts'
import { costPerBet } from './audit/cost.ts'
import { largeLog, leaves } from './audit/large-log.ts'
import type { Benchmark, RunOptions } from './benchmark.ts'
import { machine } from './machine.ts'

/**
 * What the audit log costs: processor time per bet with and without sealing, and in a log of ten million leaves a proof and
 * the proof of all of it. The large log is made once and kept; `COUNTROOM_BENCH_DIR` says where.
 * `--only cost` and `--only log` are half of it each.
 */
const benchmark: Benchmark = {
  name: 'audit',
  summary: 'processor time of sealing per bet; proofs and verification in a log of ten million leaves',
  seconds: 3,
  async run(options) {
    const cost = options.only === 'log' ? undefined : await costOf(options)
    const log = options.only === 'cost' ? [] : await largeLog(options)
    return {
      conditions: {
        ...machine(tmpdir()),
        ...(cost && {
          'cost per bet': `turns of some ${options.seconds} s, everything of edge, cores, worker, PostgreSQL, Redis and agent`,
          ...cost.intervals,
        }),
        ...(log.length > 0 && {
          'large log': `${leaves.toLocaleString('en')} leaves of batches, each entry some 230 bytes`,
        }),
      },
      figures: [...(cost?.figures ?? []), ...log],
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
