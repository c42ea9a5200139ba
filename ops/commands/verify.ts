import { Argument, Command } from 'commander'
import * as audit from '#audit'
import { connectKeys } from '#keys'
import * as ledger from '#ledger'
import type { Home } from '../appliance/home.ts'
import { connect } from '../appliance/postgres.ts'
import { knownHome, runningCard } from '../appliance/running.ts'

const subjects = ['ledger', 'audit', 'all'] as const
type Subject = (typeof subjects)[number]
export type Verification = { ok: boolean; checks: Array<{ name: string; ok: boolean; firstBad?: string }> }

/** `countroom verify`: proves ledger and audit log from their rows; exit code 1 when a proof fails, 3 when nothing runs. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('prove the ledger and the audit log')
    .addArgument(new Argument('[what]', 'what to prove').choices(subjects).default('all'))
    .option('--json', 'for machines')
    .action(async (what: Subject, options: { json?: boolean }) => {
      const home = knownHome()
      runningCard(home)
      const result = await verify(home, what)
      if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`)
      else
        for (const check of result.checks)
          process.stdout.write(
            `${check.ok ? 'ok    ' : 'FAILED'}  ${check.name}${check.firstBad ? `: ${check.firstBad}` : ''}\n`,
          )
      process.exitCode = result.ok ? 0 : 1
    })
}

/** All proofs at one instant each. */
export async function verify(home: Home, what: Subject = 'all'): Promise<Verification> {
  const sql = connect(home, 'app')
  const keys = connectKeys({ socket: home.path('run/keys-ops.sock') })
  try {
    const checks: Verification['checks'] = []
    if (what === 'all' || what === 'ledger') {
      const proof = await sql.begin('isolation level repeatable read read only', (tx) => ledger.prove(tx))
      checks.push(...proof.checks.map((check) => ({ ...check, name: `ledger: ${check.name}` })))
    }
    if (what === 'all' || what === 'audit') {
      const proof = await sql.begin('isolation level repeatable read read only', (tx) => audit.verify(tx, keys))
      checks.push({
        name: `audit: ${proof.count} records linked, ${proof.checkpoints} checkpoints signed`,
        ok: proof.ok,
        ...(proof.firstBad ? { firstBad: proof.firstBad } : {}),
      })
    }
    return { ok: checks.every((check) => check.ok), checks }
  } finally {
    await sql.end({ timeout: 5 })
    await keys.close()
  }
}
