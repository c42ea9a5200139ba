import { Command } from 'commander'
import * as audit from '#audit'
import { connectKeys } from '#keys'
import * as ledger from '#ledger'
import * as pki from '#pki'
import * as program from '#program'
import { componentsOf } from '../appliance/components.ts'
import type { Home } from '../appliance/home.ts'
import { connect } from '../appliance/postgres.ts'
import { memoryBytes, stateOf } from '../appliance/processes.ts'
import { runbook } from '../appliance/program.ts'
import { cardOf, knownHome, runningCard } from '../appliance/running.ts'
import { readSettings } from '../appliance/settings.ts'
import { agentSocket } from '../appliance/sockets.ts'
import { nothingRunsExitCode } from '../appliance/trouble.ts'
import type { Card } from '../appliance.ts'
import { type Last, lastBackups } from '../backup/index.ts'
import { clusterOf } from '../failover/members.ts'
import { type ClusterState, isFollower, isWhole, linesOf, observeCluster, pausedWords } from '../failover/observe.ts'
import { type OtherSite, observeOther, wordsOfOther } from '../failover/other-site.ts'
import { overdue } from '../keys/due.ts'
import { lastHour, promisesNow, wordsOfPromises } from '../report/promises.ts'
import { sloReport } from '../report/slo.ts'

/** `countroom status`: one screen; exit code 0 when all runs, books and audit log are sound and the program is as approved. */
export function statusCommand(): Command {
  return new Command('status')
    .description('what runs, on one screen')
    .option('--json', 'for machines')
    .action(async (options: { json?: boolean }) => {
      const home = knownHome()
      if (options.json && !cardOf(home)) {
        process.stdout.write('{"running":false}\n')
        process.exitCode = nothingRunsExitCode
        return
      }
      const card = runningCard(home)
      const { enrolment: _secret, ...urls } = card.urls
      const processes = card.processes.map(withFacts)
      const now = new Date()
      const month = now.toISOString().slice(0, 7)
      const [books, log, approved, due, backups, certificates, cluster, otherSite, kept, hour] = await Promise.all([
        booksOf(home),
        logOf(home),
        programOf(home),
        keysDueIn(home),
        ask(home, lastBackups),
        certificatesOf(home),
        clusterOf(home) ? observeCluster(home).catch(() => ({ members: [], paused: false })) : undefined,
        observeOther(home),
        ask(home, (sql) => sloReport(sql, month, now)),
        lastHour(home, answerMsMax),
      ])
      const promises = promisesNow(kept === noAnswer ? undefined : kept, hour)
      if (options.json)
        process.stdout.write(
          `${JSON.stringify({ running: true, ...card, urls, processes, books, log, program: approved, keysDue: due, backups: backups === noAnswer ? null : backups, certificates, members: cluster?.members, paused: cluster?.paused, otherSite, promises })}\n`,
        )
      else
        process.stdout.write(
          screen(card, processes, [
            ...wordsOfCluster(cluster, otherSite),
            ...[wordsOf(books), wordsOfLog(log), wordsOfProgram(approved), wordsOfKeys(due)],
            wordsOfCertificates(certificates),
            wordsOfBackups(backups),
            wordsOfPromises(month, promises),
          ]),
        )
      const sound = [books, log].every(({ state }) => state !== 'contradict') && approved.state !== 'differs'
      const whole = cluster === undefined || (isCalm(cluster) && !cluster.paused)
      process.exitCode = sound && whole && processes.every((unit) => unit.state === 'running') ? 0 : 2
    })
}

/** The card tells what the supervisor knows; state and memory are the system's, of this moment. */
function withFacts(unit: Card['processes'][number]) {
  const bytes = unit.pid === undefined ? 0 : memoryBytes(unit.pid)
  return { ...unit, state: stateOf(unit.pid), memoryMegabytes: Math.round(bytes / 1024 ** 2) }
}

type Proven = { state: 'sound' | 'contradict' | 'unproven' | 'unknown'; provenAt?: string; firstBad?: string }

/** How the books stand by the worker's last proof; it is told, not proven again here. */
async function booksOf(home: Home): Promise<Proven> {
  return provenBy(await ask(home, (sql) => ledger.lastProof(sql)))
}

/** How the audit log stands by what was found of it last. */
async function logOf(home: Home): Promise<Proven> {
  return provenBy(await ask(home, (sql) => audit.lastVerdict(sql)))
}

function provenBy(last: { at: Date; ok: boolean; firstBad: string | null } | undefined | typeof noAnswer): Proven {
  if (last === noAnswer) return { state: 'unknown' }
  if (!last) return { state: 'unproven' }
  const provenAt = last.at.toISOString()
  return last.ok ? { state: 'sound', provenAt } : { state: 'contradict', provenAt, firstBad: last.firstBad ?? '' }
}

type Approved = { state: 'approved' | 'differs' | 'unknown'; inspectedAt?: string; firstBad?: string }

/** How the control program stands by the last inspection; it is told, not inspected again here. */
async function programOf(home: Home): Promise<Approved> {
  const last = await ask(home, (sql) => program.lastVerdict(sql, readSettings(home).nodeName))
  if (!last || last === noAnswer) return { state: 'unknown' }
  const inspectedAt = last.at.toISOString()
  return last.ok ? { state: 'approved', inspectedAt } : { state: 'differs', inspectedAt, firstBad: last.firstBad ?? '' }
}

type Certified = { nextEnd: string | undefined; overdue: string[] }

/** When the first of this node's certificates ends, and which were not renewed in time; undefined when nobody can say. */
async function certificatesOf(home: Home): Promise<Certified | undefined> {
  const names = componentsOf(readSettings(home)).map(({ name }) => name)
  const known = await ask(home, (sql) => pki.components(sql, new Date()))
  if (known === noAnswer) return undefined
  const own = known.filter(({ component }) => names.includes(component))
  const ends = own.flatMap(({ notAfter }) => (notAfter ? [notAfter.toISOString()] : [])).sort()
  return { nextEnd: ends[0], overdue: own.filter(({ overdue }) => overdue).map(({ component }) => component) }
}

/** Keys whose rotation is due; undefined when the agent does not answer. */
async function keysDueIn(home: Home): Promise<string[] | undefined> {
  const agent = connectKeys({ socket: agentSocket(home, 'ops'), deadlineMs: answerMsMax })
  try {
    return overdue(await agent.list(), new Date()).map(({ what }) => what)
  } catch {
    return undefined // what is wrong with the agent is the doctor's to say
  } finally {
    await agent.close()
  }
}

const answerMsMax = 3000

const noAnswer = Symbol('no answer')

/** What is wrong with a database that does not answer is the doctor's to say. */
async function ask<T>(
  home: Home,
  question: (sql: ReturnType<typeof connect>) => Promise<T>,
): Promise<T | typeof noAnswer> {
  const sql = connect(home, 'app')
  const patience = new Promise<typeof noAnswer>((resolve) => setTimeout(resolve, answerMsMax, noAnswer).unref())
  try {
    return await Promise.race([question(sql), patience])
  } catch {
    return noAnswer
  } finally {
    void sql.end({ timeout: 0 })
  }
}

function wordsOf({ state, provenAt, firstBad }: Proven): string {
  if (state === 'unproven') return 'Books not proven yet; the worker does it every minute'
  if (state === 'unknown') return 'Books unknown: the database does not answer; npx countroom doctor says why'
  if (state === 'sound') return `Books sound, proven ${provenAt}`
  return `BOOKS CONTRADICT THEMSELVES, by the proof of ${provenAt}: ${firstBad}\n  → ops/runbooks/books-contradict.md; npx countroom verify ledger`
}

function wordsOfLog({ state, provenAt, firstBad }: Proven): string {
  if (state === 'unproven') return 'Audit log not proven yet; the worker does it every night'
  if (state === 'unknown') return 'Audit log unknown: the database does not answer'
  if (state === 'sound') return `Audit log sound, proven ${provenAt}`
  return `THE AUDIT LOG IS NOT WHAT WAS SIGNED, found ${provenAt}: ${firstBad}\n  → ops/runbooks/audit-log.md; npx countroom verify audit`
}

function wordsOfProgram({ state, inspectedAt, firstBad }: Approved): string {
  if (state === 'unknown') return 'Control program not inspected, as far as is known'
  if (state === 'approved') return `Control program as approved, inspected ${inspectedAt}`
  return `THE CONTROL PROGRAM IS NOT AS APPROVED, inspected ${inspectedAt}: ${firstBad}\n  → ${runbook}; npx countroom verify program`
}

function wordsOfKeys(due: string[] | undefined): string {
  if (!due) return 'Keys unknown: the agent does not answer; npx countroom doctor says why'
  if (due.length === 0) return 'Keys current'
  return `KEYS DUE: ${due.join('; ')}\n  → npx countroom keys list; ops/runbooks/keys-rotation.md`
}

function wordsOfCertificates(certificates: Certified | undefined): string {
  if (!certificates) return 'Certificates unknown: the database does not answer'
  const { nextEnd, overdue } = certificates
  if (overdue.length === 0) return `Certificates current, the next ends ${nextEnd ?? 'never'}`
  return `CERTIFICATES NOT RENEWED: ${overdue.join(', ')}\n  → npx countroom pki list; ops/runbooks/certificates.md`
}

function wordsOfBackups(last: Last | typeof noAnswer): string {
  if (last === noAnswer) return 'Backups unknown: the database does not answer'
  const told = (at: Date | undefined) => at?.toISOString() ?? 'never'
  const since = (what: string, bad: Date | undefined, good: Date | undefined) =>
    bad && bad > (good ?? new Date(0)) ? `\n  ${what} FAILED ${told(bad)} → ops/runbooks/backup.md` : ''
  const failed = since('A BACKUP', last.failed, last.backup) + since('A DRILL', last.drillFailed, last.drill)
  return `Backed up ${told(last.backup)}, proven to come back ${told(last.drill)}${failed}`
}

function wordsOfCluster(cluster: ClusterState | undefined, other: OtherSite | undefined): string[] {
  if (cluster === undefined) return []
  const { members, paused } = cluster
  const lines = [...linesOf(members), ...(other ? wordsOfOther(other) : []), ...(paused ? [pausedWords] : [])]
  if (isWhole(members)) return lines
  if (isFollower(members))
    return [...lines, 'It takes no money: npx countroom cluster promote-site, when the first site is lost']
  return [...lines, 'NO MONEY MOVES: nobody leads, or no standby is synchronous\n  → ops/runbooks/failover.md']
}

/** Money moves, or it does not on purpose. */
function isCalm({ members }: ClusterState): boolean {
  return isWhole(members) || isFollower(members)
}

function screen(card: Card, processes: Array<ReturnType<typeof withFacts>>, words: string[]): string {
  const rows = processes.map((unit) =>
    [
      unit.name.padEnd(10),
      unit.state.padEnd(10),
      String(unit.pid ?? '-').padEnd(8),
      String(unit.restarts).padEnd(9),
      `${unit.memoryMegabytes} MB`.padEnd(9),
      unit.role,
    ].join(' '),
  )
  const head = ['process   ', 'state     ', 'pid     ', 'restarts ', 'memory   ', 'role'].join(' ')
  return `Countroom in ${card.home}\n\n${[head, ...rows].map((row) => `  ${row}`).join('\n')}\n\n  Lobby ${card.urls.lobby}   Operator ${card.urls.operator}   Inbox ${card.urls.inbox}\n${words.map((line) => `  ${line}\n`).join('')}`
}
