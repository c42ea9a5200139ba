import { readFileSync } from 'node:fs'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import * as audit from '#audit'
import { connectKeys } from '#keys'
import * as ledger from '#ledger'
import * as program from '#program'
import { keepLogProof, type LogCheck, proveLog } from '../../core/host/log-proof.ts'
import type { Home } from '../appliance/home.ts'
import { repository } from '../appliance/identity.ts'
import { operatorName } from '../appliance/operator.ts'
import { connect } from '../appliance/postgres.ts'
import { inspectProgram, runbook } from '../appliance/program.ts'
import { knownHome, runningCard } from '../appliance/running.ts'
import { readSettings } from '../appliance/settings.ts'
import { agentSocket } from '../appliance/sockets.ts'
import { verifyShippedCommand } from './verify-shipped.ts'

const subjects = ['ledger', 'audit', 'program', 'all'] as const
type Subject = (typeof subjects)[number]
export type Verification = {
  ok: boolean
  /** From when on the ledger was proven; undefined when all of it was. */
  since?: string
  checks: Array<{ name: string; ok: boolean; firstBad?: string }>
}
/**
 * `incremental`: the ledger from the last sound proof on, as the worker does it every minute. `outside`: checkpoints of the audit
 * log that somebody else holds.
 */
type Scope = { since?: Date; incremental?: boolean; outside?: audit.Checkpoint[]; lostKnown?: number[] }

/**
 * `countroom verify`: proves ledger and audit log from their rows and names the first row of each contradiction; compares the
 * control program with what was approved, or with a list from elsewhere, and names what differs. Exit code 1 when a proof fails, 3 when nothing runs. What is older than `--since` or `--incremental` looks at is not proven.
 */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('prove the ledger and the audit log, compare the program with what was approved')
    .addArgument(new Argument('[what]', 'what to prove').choices(subjects).default('all'))
    .option('--incremental', 'of the ledger only what is new since the last sound proof')
    .addOption(
      new Option('--since <instant>', 'of the ledger only what was booked from then on')
        .argParser(instant)
        .conflicts('incremental'),
    )
    .addOption(
      new Option('--witness <file>', 'a checkpoint of the audit log that was kept elsewhere (may be given again)')
        .argParser(checkpointIn)
        .default([], 'none'),
    )
    .addOption(
      new Option(
        '--lost-known <leaf>',
        'an event that was taken out before it was sealed and that you answer for: it is known from then on (may be given again)',
      )
        .argParser((text: string, known: number[]) => [...known, leafNumber(text)])
        .default([], 'none'),
    )
    .addOption(
      new Option(
        '--against <file>',
        'of the program the files alone, by a list of sums that you got from elsewhere (sha256sum, in its folder); needs nothing that runs',
      ).argParser(releaseIn),
    )
    .option('--json', 'for machines')
    .action(async (what: Subject, { witness, against, ...options }: Options, command: Command) => {
      if (against && what !== 'program') command.error('error: --against is for verify program')
      const result = against ? await verifyRelease(against) : await verifyHere(what, { ...options, outside: witness })
      if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`)
      else process.stdout.write(screen(result))
      process.exitCode = result.ok ? 0 : 1
    })
    .addCommand(verifyShippedCommand())
}

type Options = Scope & { json?: boolean; witness: audit.Checkpoint[]; against?: ReturnType<typeof releaseIn> }

async function verifyHere(what: Subject, scope: Scope): Promise<Verification> {
  const home = knownHome()
  runningCard(home)
  return verify(home, what, scope)
}

/** The files against somebody else's word; what is approved here has no part in it. */
async function verifyRelease(list: ReturnType<typeof releaseIn>): Promise<Verification> {
  const { files, differences, unlisted } = await program.compareRelease(repository, list)
  const rest = unlisted.length > 0 ? `; not on the list, and not looked at: ${unlisted.join(', ')}` : ''
  const name = `program: ${files} files as listed${rest}`
  if (differences.length === 0) return { ok: true, checks: [{ name, ok: true }] }
  const checks = differences.map((each) => ({
    name: 'program: as listed',
    ok: false,
    firstBad: each.expected === null ? `${each.path}: it is not on the list` : program.tellDifference(each),
  }))
  return { ok: false, checks }
}

function screen({ ok, since, checks }: Verification): string {
  const lines = checks.map(
    (check) => `${check.ok ? 'ok    ' : 'FAILED'}  ${check.name}${check.firstBad ? `: ${check.firstBad}` : ''}`,
  )
  if (since) lines.push('', `The ledger was proven from ${since} on; what is older was not looked at.`)
  if (!ok) lines.push('', `What to do: ${runbooksOf(checks)}`)
  return `${lines.join('\n')}\n`
}

/** All proofs at one instant each. */
export async function verify(home: Home, what: Subject = 'all', scope: Scope = {}): Promise<Verification> {
  const sql = connect(home, 'app')
  try {
    const checks: Verification['checks'] = []
    const since = scope.incremental ? ledger.unprovenSince(await ledger.lastProof(sql)) : scope.since
    if (what === 'all' || what === 'ledger') {
      const proof = await sql.begin('isolation level repeatable read read only', (tx) =>
        ledger.prove(tx, since ? { since } : {}),
      )
      checks.push(...proof.checks.map((check) => ({ ...check, name: `ledger: ${check.name}` })))
    }
    if (what === 'all' || what === 'audit') {
      checks.push(...(await verifyAudit(home, sql, scope)))
    }
    if (what === 'all' || what === 'program')
      checks.push(...checksOf(await inspectProgram(home, readSettings(home), 'demand')))
    const partly = since && since > ledger.beginning && (what === 'all' || what === 'ledger')
    return { ok: checks.every((check) => check.ok), ...(partly ? { since: since.toISOString() } : {}), checks }
  } finally {
    await sql.end({ timeout: 5 })
  }
}

async function verifyAudit(
  home: Home,
  sql: ReturnType<typeof connect>,
  trust: Pick<audit.LogTrust, 'outside' | 'lostKnown'>,
): Promise<Verification['checks']> {
  const keys = connectKeys({ socket: agentSocket(home, 'ops') })
  const work = connect(home, 'work') // how the log stands is the worker's to keep
  try {
    const checks = (await sql.begin('isolation level repeatable read read only', (tx) =>
      proveLog(tx, keys, trust),
    )) as LogCheck[]
    const host = { sql: work, now: () => new Date() }
    const lost = { leaves: trust.lostKnown ?? [], by: operatorName() }
    await keepLogProof(host, 'countroom verify', checks, lost).catch((error: Error) => {
      process.stderr.write(`What was found of the audit log could not be written down: ${error.message}\n`)
    })
    return checks.map((check) => ({ ...check, name: `audit: ${check.name}` }))
  } finally {
    await Promise.all([keys.close(), work.end({ timeout: 5 })])
  }
}

/** One check that holds, or one for each difference. */
function checksOf({ ok, files, differences }: program.Inspection): Verification['checks'] {
  if (ok) return [{ name: `program: ${files} files and the database's elements are as approved`, ok }]
  return differences.map((each) => ({ name: 'program: as approved', ok, firstBad: program.tellDifference(each) }))
}

function runbooksOf(checks: Verification['checks']): string {
  const runbooks: Record<string, string> = {
    ledger: 'ops/runbooks/books-contradict.md',
    audit: 'ops/runbooks/audit-log.md',
    program: runbook,
  }
  const failed = checks.filter(({ ok }) => !ok).map(({ name }) => runbooks[name.split(':')[0]!]!)
  return [...new Set(failed)].join(', ')
}

function checkpointIn(file: string, held: audit.Checkpoint[]): audit.Checkpoint[] {
  try {
    return [...held, audit.readCheckpoint(readFileSync(file, 'utf8'))]
  } catch (error) {
    throw new InvalidArgumentError(`It is a file with a checkpoint (${(error as Error).message}).`)
  }
}

function releaseIn(file: string) {
  try {
    return program.parseRelease(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new InvalidArgumentError(`It is a list of sums (${(error as Error).message}).`)
  }
}

function leafNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It is the index of a leaf.')
  return Number(text)
}

function instant(text: string): Date {
  const at = new Date(text)
  if (Number.isNaN(at.getTime())) throw new InvalidArgumentError('It is an instant such as 2026-11-25T03:00:00Z.')
  return at
}
