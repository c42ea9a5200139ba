import { join } from 'node:path'
import { Gauge } from 'prom-client'
import { systemCommand } from '#base'
import * as program from '#program'
import { type Host, transact } from './host.ts'

type ProgramHost = Pick<Host, 'config' | 'sql' | 'keys' | 'log' | 'now'>

/** Compares this node's program with what was approved, keeps the verdict, and tells the audit log and ours. */
export async function inspectProgram(host: ProgramHost, occasion: program.Occasion): Promise<void> {
  const repository = join(import.meta.dirname, '../..')
  const { node, manifest } = host.config.program
  const inspection = await program.inspect(host.sql, host.keys, { node, repository, manifest })
  const [first] = inspection.differences
  if (first) host.log.error({ ...first, differences: inspection.differences.length }, 'the program is not as approved')
  await transact(host, (tx) =>
    program.keep(tx, systemCommand('program.inspect', host.now()), node, occasion, inspection),
  )
}

/**
 * A core that comes back, after a crash or by hand, does not serve a program that was found to be another, where its node
 * is one that refuses. The start of a whole node looks for itself before.
 *
 * @throws Error that names the first difference
 */
export async function refuseUnapproved(host: Pick<Host, 'config' | 'sql'>): Promise<void> {
  if (host.config.program.onMismatch === 'alarm') return
  const last = await program.lastVerdict(host.sql, host.config.program.node)
  if (!last?.ok) throw new Error(`The program is not what was approved: ${last?.firstBad ?? 'nobody has inspected it'}`)
}

/** Metrics tell what was found last on this node, whoever looked. */
export function observeProgram(host: Pick<Host, 'config' | 'sql'>): void {
  const observe = (name: string, help: string, read: (last: program.Verdict) => number) =>
    new Gauge({
      name,
      help,
      async collect() {
        const last = await program.lastVerdict(host.sql, host.config.program.node).catch(() => undefined)
        if (last) this.set(read(last))
        else this.remove()
      },
    })
  observe(
    'countroom_program_approved',
    '1 while the control program is what was approved, by the last inspection.',
    ({ ok }) => (ok ? 1 : 0),
  )
  observe(
    'countroom_program_inspection_timestamp_seconds',
    'When the control program was last inspected.',
    ({ at }) => at.getTime() / 1000,
  )
}
