import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Command } from 'commander'
import * as audit from '#audit'
import { connect } from '../appliance/postgres.ts'
import { knownHome, runningCard } from '../appliance/running.ts'

/**
 * `countroom verify shipped`: the gap detector of the second place. Needs the file and nothing else; where the appliance runs it
 * also says whether the file is as far as it should be. Exit code 1 when a line is missing, changed, or out of order.
 */
export function verifyShippedCommand(): Command {
  return new Command('shipped')
    .description('look for gaps in what the second place of the audit log received')
    .argument('<file>', 'JSON lines, or what a syslog server wrote of them')
    .option('--alone', 'do not ask the appliance how far it is')
    .action(async (file: string, _: object, command: Command) => {
      const options = command.optsWithGlobals<{ alone?: boolean; json?: boolean }>() // --json is the whole command's
      const proof = await audit.verifyShipped(createInterface({ input: createReadStream(file), crlfDelay: Infinity }))
      const behind = options.alone ? undefined : await comparedWithAppliance(proof)
      const ok = proof.ok && behind === undefined
      process.stdout.write(options.json ? `${json({ ...proof, ok, behind })}\n` : screen(proof, behind))
      process.exitCode = ok ? 0 : 1
    })
}

function screen({ count, first, last, repeated, foreign, firstBad }: audit.ShippedProof, behind?: string): string {
  const range = last ? `lines ${first} to ${last.number}, the last of ${last.at}` : 'no line'
  const lines = [`${firstBad ? 'FAILED' : 'ok    '}  ${count} events: ${range}${firstBad ? `; ${firstBad}` : ''}`]
  if (repeated > 0) lines.push(`        ${repeated} came twice, which is no fault`)
  if (foreign > 0) lines.push(`        ${foreign} lines are not ours`)
  if (behind) lines.push(`FAILED  ${behind}`)
  if (firstBad || behind) lines.push('', 'What to do: ops/runbooks/audit-events.md#shipping')
  return `${lines.join('\n')}\n`
}

/** What the appliance says about the end of the file; undefined when it is well, or when none runs here. */
async function comparedWithAppliance({ last }: audit.ShippedProof): Promise<string | undefined> {
  const home = runningHome()
  if (!home) return undefined
  const sql = connect(home, 'app')
  try {
    const { number, hash } = await audit.shippingPosition(sql)
    if (number === 0n) return undefined
    if (!last || last.number < number) return `it ends with line ${last?.number ?? 0}, and ${number} were shipped`
    if (last.number === number && !last.hash.equals(hash)) return `its line ${number} is not the one that was shipped`
    return undefined
  } finally {
    await sql.end({ timeout: 5 })
  }
}

function runningHome() {
  try {
    const home = knownHome()
    runningCard(home)
    return home
  } catch {
    return undefined
  }
}

function json(value: object): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'bigint' ? Number(part) : Buffer.isBuffer(part) ? part.toString('hex') : part,
  )
}
