import { Command } from 'commander'
import * as audit from '#audit'
import { systemCommand, type Tx } from '#base'
import * as ledger from '#ledger'
import { operatorName } from '../appliance/operator.ts'
import { connect } from '../appliance/postgres.ts'
import { knownHome, runningCard } from '../appliance/running.ts'
import { print } from './print.ts'

/** Who stopped the money, or answers for the books as they are. */
const actor = () => `countroom ledger (${operatorName()})`

/** `countroom ledger`: stops all money, and lets it move again once somebody answers for the books. Exit code 3 when nothing runs. */
export function ledgerCommand(): Command {
  return new Command('ledger')
    .description('stop all money, or let it move again after the books were found to lack what was seen in them')
    .addCommand(
      new Command('freeze')
        .description('nobody books anything any more, whatever process; what is under way is finished')
        .requiredOption('--reason <words>', 'why; it is written down')
        .option('--json', 'for machines')
        .action(freeze),
    )
    .addCommand(
      new Command('lift')
        .description(
          'money moves again; what the cores had seen before is forgotten, and you answer for the books as they are',
        )
        .requiredOption('--reason <words>', 'what was found, and who decided; it is written down')
        .requiredOption('--yes', 'you have read ops/runbooks/ledger-frozen.md')
        .option('--json', 'for machines')
        .action(lift),
    )
    .addCommand(
      new Command('freezes')
        .description('when money stood still, and why')
        .option('--json', 'for machines')
        .action(list),
    )
}

async function freeze({ reason, json }: { reason: string; json?: boolean }): Promise<void> {
  const at = new Date()
  const done = await within(async (tx) => {
    const frozen = await ledger.freeze(tx, { at, by: actor(), evidence: { reason } })
    const detail = { process: actor(), breaks: 0, timeline: 'not asked', first: reason }
    if (frozen)
      await audit.record(tx, systemCommand(actor(), at), { action: 'ledger.frozen', subject: 'ledger', detail })
    return frozen
  })
  const words = done ? 'No money moves. `countroom ledger lift` lets it move again.' : 'It is frozen already.'
  print(json, { frozen: true, changed: done }, `${words}\n`)
}

async function lift({ reason, json }: { reason: string; json?: boolean }): Promise<void> {
  const at = new Date()
  const done = await within(async (tx) => {
    const lifted = await ledger.lift(tx, { at, by: actor(), reason })
    if (lifted)
      await audit.record(tx, systemCommand(actor(), at), {
        action: 'ledger.lifted',
        subject: 'ledger',
        detail: { reason },
      })
    return lifted
  })
  const words = done ? 'Money moves again, within ten seconds at every core.' : 'Nothing is frozen.'
  print(json, { frozen: false, changed: done }, `${words}\n`)
}

async function list({ json }: { json?: boolean }): Promise<void> {
  const all = await within((tx) => ledger.freezes(tx))
  if (json) return void process.stdout.write(`${JSON.stringify(all)}\n`)
  const lines = all.map(
    ({ at, by, evidence, liftedAt, reason }) =>
      `${at.toISOString()}  found by ${by}: ${JSON.stringify(evidence).slice(0, 200)}\n  ${liftedAt ? `lifted ${liftedAt.toISOString()}: ${reason}` : 'stands'}`,
  )
  process.stdout.write(`${lines.length > 0 ? lines.join('\n') : 'Money never stood still.'}\n`)
}

async function within<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  const home = knownHome()
  runningCard(home)
  const sql = connect(home, 'owner')
  try {
    return (await sql.begin(work)) as T
  } finally {
    await sql.end({ timeout: 5 })
  }
}
