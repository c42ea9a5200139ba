import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startAppliance } from '../../ops/appliance.ts'
import { costPerBet } from './audit/cost.ts'
import { largeLog, leaves } from './audit/large-log.ts'
import { unprotected } from './audit/window.ts'
import type { Benchmark, RunOptions } from './benchmark.ts'
import { machine } from './machine.ts'

/**
 * What the audit log costs: processor time per bet with and without sealing, and in a log of ten million leaves a proof and
 * the proof of all of it. The large log is made once and kept; `COUNTROOM_BENCH_DIR` says where. And for how long an event is unprotected:
 * until it is signed, and until a witness has it. `--only cost`, `--only log` and `--only window` are a part of it each.
 */
const benchmark: Benchmark = {
  name: 'audit',
  summary: 'processor time of sealing per bet; proofs in a log of ten million leaves; how long an event is unprotected',
  seconds: 3,
  parts: ['cost', 'log', 'window'],
  async run(options) {
    const asked = (part: string) => options.only === undefined || options.only === part
    const cost = asked('cost') ? await costOf(options) : undefined
    const log = asked('log') ? await largeLog(options) : []
    const window = asked('window') ? await windowOf(options) : undefined
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
        ...window?.conditions,
      },
      figures: [...(cost?.figures ?? []), ...log, ...(window?.figures ?? [])],
    }
  },
}
export default benchmark

async function costOf(options: RunOptions) {
  return withHome(async (home) => {
    const appliance = await startAppliance({ home, freePorts: true })
    return await costPerBet(appliance, options).finally(() => appliance.stop())
  })
}

async function windowOf(options: RunOptions) {
  return withHome((home) => unprotected(home, options))
}

async function withHome<T>(work: (home: string) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), 'cr-bench-'))
  chmodSync(home, 0o755) // the service user must reach it
  return await work(home).finally(() => rmSync(home, { recursive: true, force: true }))
}
