import type * as pki from '#pki'
import type { DatabaseNode } from './nodes.ts'

/** One thing that is well, or is not, or nobody can say; with the runbook for what to do. */
export type Fact = { what: string; state: 'good' | 'bad' | 'unknown'; words: string; runbook: string | null }

type Verdict = { at: Date; ok: boolean; firstBad: string | null } | undefined

export type Known = {
  now: Date
  /** A gauge that a process told within the last minute. */
  gauge: (key: string) => number | undefined
  nodes: readonly DatabaseNode[] | undefined
  books: Verdict
  log: Verdict
  verdict: Verdict
  components: readonly pki.Component[] | undefined
  frozen: boolean | undefined
}

const hour = 3600
const day = 24 * hour

/** Beyond these the alerts of `ops/monitoring/alerts` ring, by their names; seconds, and bets. */
export const bounds = {
  BooksNotProven: 300,
  AuditNotSealed: 60,
  ProgramNotInspected: 90_000,
  BackupOverdue: 108_000,
  WalArchiveBehind: 180,
  DrillOverdue: 3_024_000,
  KeysNotBackedUp: 172_800,
  ClockWrong: 0.5,
  EventLoopLate: 0.5,
  LanesBehind: 512,
} as const
/** The whole log is proven every night. */
const logProofSecondsMax = 25 * hour

export function factsOf({ now, gauge, nodes, books, log, verdict, components, frozen }: Known): Fact[] {
  const seconds = now.getTime() / 1000
  const fact = (what: string, state: Fact['state'], words: string, runbook: string): Fact => ({
    what,
    state,
    words,
    runbook: state === 'good' ? null : `ops/runbooks/${runbook}`,
  })
  /** How long ago something was done that is done again and again. */
  const age = (what: string, key: string, secondsMax: number, runbook: string, failedKey?: string): Fact => {
    const at = gauge(key)
    if (at === undefined) return fact(what, 'unknown', 'nobody tells', runbook)
    const failed = failedKey === undefined ? 0 : (gauge(failedKey) ?? 0)
    if (failed > at) return fact(what, 'bad', `failed ${ago(seconds - failed)}`, runbook)
    if (at === 0) return fact(what, 'bad', 'never', runbook)
    return fact(what, seconds - at > secondsMax ? 'bad' : 'good', ago(seconds - at), runbook)
  }
  /** What was found bad stays so until it is found good; what was good is unknown when nobody has looked for too long. */
  const judged = (what: string, found: Verdict, secondsMax: number, runbook: string): Fact => {
    if (!found) return fact(what, 'unknown', 'not looked at yet', runbook)
    if (!found.ok) return fact(what, 'bad', found.firstBad ?? 'it is not sound', runbook)
    const since = seconds - found.at.getTime() / 1000
    return since > secondsMax
      ? fact(what, 'unknown', `sound ${ago(since)}, not looked at since`, runbook)
      : fact(what, 'good', `sound, looked at ${ago(since)}`, runbook)
  }
  const below = (
    what: string,
    value: number | undefined,
    max: number,
    words: (value: number) => string,
    runbook: string,
  ) =>
    value === undefined
      ? fact(what, 'unknown', 'nobody tells', runbook)
      : fact(what, Math.abs(value) > max ? 'bad' : 'good', words(value), runbook)
  return [
    frozen === undefined
      ? fact('Money', 'unknown', 'the database does not answer', 'failover.md')
      : fact('Money', frozen ? 'bad' : 'good', frozen ? 'frozen: nothing is booked' : 'moves', 'ledger-frozen.md'),
    databaseFact(nodes, fact),
    judged('Books', books, bounds.BooksNotProven, 'books-contradict.md'),
    judged('Audit log', log, logProofSecondsMax, 'audit-log.md'),
    below(
      'Audit log sealed',
      gauge('unsealed'),
      bounds.AuditNotSealed,
      (value) => (value === 0 ? 'all of it' : `the oldest event waits for ${span(value)}`),
      'audit-log.md#not-sealed',
    ),
    judged('Control program', verdict, bounds.ProgramNotInspected, 'program-differs.md'),
    age('Backup of data', 'backupAt', bounds.BackupOverdue, 'backup.md#overdue', 'backupFailedAt'),
    age('Log of the database archived', 'archivedAt', bounds.WalArchiveBehind, 'backup.md#behind'),
    age('A backup proven to come back', 'drillAt', bounds.DrillOverdue, 'backup.md#drill', 'drillFailedAt'),
    age('Backup of keys', 'keysBackupAt', bounds.KeysNotBackedUp, 'keys-rotation.md#backup'),
    keysFact(gauge('keyDueAt'), seconds, fact),
    certificatesFact(components, seconds, fact),
    below(
      'Clock',
      gauge('clockOffset'),
      bounds.ClockWrong,
      (value) => `${(value * 1000).toFixed(1)} ms off`,
      'audit-events.md#clocks',
    ),
    below(
      'Event loops',
      gauge('loopLag'),
      bounds.EventLoopLate,
      (value) => `${(value * 1000).toFixed(0)} ms late at most`,
      'service.md',
    ),
    below(
      'Bets in line',
      gauge('waitingBets'),
      bounds.LanesBehind,
      (value) => `${value} wait for a lane`,
      'service.md',
    ),
  ]
}

type Say = (what: string, state: Fact['state'], words: string, runbook: string) => Fact

function databaseFact(nodes: readonly DatabaseNode[] | undefined, fact: Say): Fact {
  const primary = nodes?.find(({ role, state }) => role === 'primary' && state === 'running')
  const guarded = nodes?.length === 1 || nodes?.some(({ role }) => role === 'synchronous standby')
  if (!nodes) return fact('Database', 'unknown', 'nobody answers for it', 'failover.md')
  if (!primary) return fact('Database', 'bad', 'nobody leads', 'failover.md')
  if (!guarded)
    return fact('Database', 'bad', `${primary.name} leads and no standby is synchronous: commits wait`, 'failover.md')
  const away = nodes.filter(({ role }) => role === 'away').map(({ name }) => name)
  if (away.length > 0)
    return fact('Database', 'bad', `${primary.name} leads; not heard of: ${away.join(', ')}`, 'failover.md')
  return fact(
    'Database',
    'good',
    nodes.length === 1 ? 'one server, it answers' : `${primary.name} leads`,
    'failover.md',
  )
}

function keysFact(dueAt: number | undefined, seconds: number, fact: Say): Fact {
  if (dueAt === undefined) return fact('Keys', 'unknown', 'the key agent was not heard of', 'key-agent.md')
  return fact(
    'Keys',
    dueAt < seconds ? 'bad' : 'good',
    dueAt < seconds
      ? `a rotation is due since ${ago(seconds - dueAt)}`
      : `the next rotation is due in ${span(dueAt - seconds)}`,
    'keys-rotation.md',
  )
}

function certificatesFact(components: readonly pki.Component[] | undefined, seconds: number, fact: Say): Fact {
  if (!components) return fact('Certificates', 'unknown', 'the database does not answer', 'certificates.md')
  const overdue = components.filter((each) => each.overdue).map(({ component }) => component)
  if (overdue.length > 0) return fact('Certificates', 'bad', `not renewed: ${overdue.join(', ')}`, 'certificates.md')
  const ends = components.flatMap(({ state, notAfter }) =>
    notAfter && state !== 'disabled' ? [notAfter.getTime() / 1000] : [],
  )
  const next = Math.min(...ends.filter((end) => end > seconds))
  return fact(
    'Certificates',
    'good',
    Number.isFinite(next) ? `current, the next ends in ${span(next - seconds)}` : 'none yet',
    'certificates.md',
  )
}

function ago(seconds: number): string {
  return `${span(Math.max(0, seconds))} ago`
}

export function span(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`
  if (seconds < 48 * hour) return `${Math.round(seconds / hour)} h`
  return `${Math.round(seconds / day)} days`
}
