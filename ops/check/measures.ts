import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statfsSync } from 'node:fs'
import * as audit from '#audit'
import * as cashier from '#cashier'
import * as games from '#games'
import * as ledger from '#ledger'
import * as messages from '#messages'
import * as program from '#program'
import { readSettings } from '../appliance/settings.ts'
import type { Probe } from '../doctor/finding.ts'

/** Something with a number to it, which an operator watches against thresholds of their own. */
export type Measure = {
  name: string
  about: string
  /** What the number is called in performance data, and its unit there: seconds, per cent, or none. */
  label: string
  unit: 's' | '%' | ''
  warning: string
  critical: string
  /** Checks of the doctor that must be sound for the number to mean anything. */
  after: readonly string[]
  look(probe: Probe): Promise<{ value: number; words: string }>
}

const database = ['postgres']
const dayMs = 86_400_000

/** How long ago, where nothing at all is no time. */
function age(of: Date | null | undefined, now: Date, words: (seconds: number) => string, none: string) {
  if (!of) return { value: 0, words: none }
  const value = Math.max(0, Math.round((now.getTime() - of.getTime()) / 1000))
  return { value, words: words(value) }
}

const seconds = { unit: 's', after: database } as const

/** How long ago something last happened by the audit log; what never did, since the casino was installed. */
async function sinceLast({ sql, now }: Probe, code: audit.Code, what: string, done: string) {
  const [last] = await audit.search(sql(), { code, limit: 1 })
  if (last) return age(new Date(last.at), now, (old) => `${what} ${done} ${old} s ago`, '')
  const [row] = await sql()<Array<{ since: Date | null }>>`select min(applied_at) as since from base.migrations`
  return age(row?.since, now, (old) => `${what} never ${done}, in ${old} s`, `${what} never ${done}`)
}
const waits = (
  name: string,
  about: string,
  what: readonly cashier.Waits[],
  warning: string,
  critical: string,
): Measure => ({
  ...seconds,
  name,
  about,
  label: 'age',
  warning,
  critical,
  async look({ sql, now }) {
    const found = (await cashier.waiting(sql())).filter((each) => what.includes(each.what))
    const oldest = found.map(({ since }) => since).filter((since) => since !== null)
    const first = oldest.toSorted((a, b) => a.getTime() - b.getTime())[0]
    const count = found.reduce((sum, each) => sum + each.count, 0)
    return age(first, now, (old) => `${count} wait, the oldest for ${old} s`, 'none waits')
  },
})

export const measures: readonly Measure[] = [
  {
    name: 'disk-free',
    about: 'room on the disk of the home',
    label: 'free',
    unit: '%',
    warning: '15:',
    critical: '5:',
    after: [],
    async look({ home }) {
      const { bavail, blocks } = statfsSync(home.dir)
      const value = Math.round((1000 * bavail) / blocks) / 10
      return { value, words: `${value} % of the disk of ${home.dir} are free` }
    },
  },
  {
    name: 'certificate-life',
    about: 'what is left of the life of the certificate that ends first',
    label: 'left',
    unit: '%',
    warning: '25:',
    critical: '5:',
    after: [],
    async look({ home, now }) {
      const files = readdirSync(home.path('tls')).filter(
        (file) => /\.pem$/.test(file) && !['ca.pem', 'revoked.pem'].includes(file),
      )
      const lives = files.map((file) => {
        const { validFromDate, validToDate } = new X509Certificate(readFileSync(home.path('tls', file)))
        const whole = validToDate.getTime() - validFromDate.getTime()
        return { file, left: Math.floor((100 * (validToDate.getTime() - now.getTime())) / whole) }
      })
      const [first] = lives.toSorted((a, b) => a.left - b.left)
      if (!first) throw new Error('there is no certificate')
      return { value: first.left, words: `${first.file} has ${first.left} % of its life left` }
    },
  },
  {
    name: 'connections',
    about: 'connections of PostgreSQL in use',
    label: 'used',
    unit: '%',
    warning: '80',
    critical: '95',
    after: database,
    async look({ sql }) {
      const [row] = await sql()<Array<{ used: number; max: number }>>`
        select count(*)::int as used, current_setting('max_connections')::int as max
        from pg_stat_activity where backend_type = 'client backend'`
      const { used = 0, max = 1 } = row ?? {}
      return { value: Math.round((100 * used) / max), words: `${used} of ${max} connections` }
    },
  },
  {
    ...seconds,
    name: 'clock',
    about: 'how far the clock of this machine is from the database’s',
    label: 'skew',
    warning: '-0.5:0.5',
    critical: '-1:1',
    async look({ sql }) {
      const before = Date.now()
      const [row] = await sql()<Array<{ at: Date }>>`select clock_timestamp() as at`
      const middle = (before + Date.now()) / 2
      const value = Math.round(middle - (row?.at.getTime() ?? 0)) / 1000
      return { value, words: `${value} s before the database's` }
    },
  },
  {
    ...seconds,
    name: 'proof-age',
    about: 'when the books were last proven',
    label: 'age',
    warning: '180',
    critical: '300',
    async look({ sql, now }) {
      const last = await ledger.lastProof(sql())
      if (!last) throw new Error('the books were never proven')
      return age(last.at, now, (old) => `the books were proven ${old} s ago`, '')
    },
  },
  {
    ...seconds,
    name: 'unsealed-age',
    about: 'how long an event of the audit log has waited to be sealed',
    label: 'age',
    warning: '30',
    critical: '60',
    async look({ sql }) {
      const value = Math.round(await audit.unsealedSeconds(sql()))
      return { value, words: `the oldest event that is not sealed waits ${value} s` }
    },
  },
  {
    ...seconds,
    name: 'inspection-age',
    about: 'when the control program was last inspected',
    label: 'age',
    warning: '87000',
    critical: '90000',
    async look({ home, sql, now }) {
      const last = await program.lastVerdict(sql(), readSettings(home).nodeName)
      if (!last) throw new Error('the control program was never inspected')
      return age(last.at, now, (old) => `the control program was inspected ${old} s ago`, '')
    },
  },
  {
    ...seconds,
    name: 'keys-backup-age',
    about: 'when keys were last backed up, or since when they never were',
    label: 'age',
    warning: '100000',
    critical: '172800',
    look: (probe) => sinceLast(probe, 'keys.backup_written', 'keys were', 'backed up'),
  },
  {
    ...seconds,
    name: 'backup-age',
    about: 'when data were last backed up, or since when they never were',
    label: 'age',
    warning: '100000',
    critical: '172800',
    look: (probe) => sinceLast(probe, 'backup.written', 'data were', 'backed up'),
  },
  {
    ...seconds,
    name: 'drill-age',
    about: 'when it was last proven that a backup comes back, or since when it never was',
    label: 'age',
    warning: '2764800',
    critical: '3024000',
    look: (probe) => sinceLast(probe, 'drill.passed', 'a backup was', 'proven to come back'),
  },
  {
    ...seconds,
    name: 'jobs-late',
    about: 'how long a job has been due that nobody has taken',
    label: 'late',
    warning: '300',
    critical: '600',
    async look({ sql }) {
      const [row] = await sql()<Array<{ queue: string; late: number }>>`
        select name as queue, round(extract(epoch from now() - min(start_after)))::int as late from pgboss.job
        where state < 'active' and start_after < now() group by name order by late desc limit 1`
      return row
        ? { value: row.late, words: `a job of ${row.queue} is ${row.late} s late` }
        : { value: 0, words: 'no job is late' }
    },
  },
  waits('events-wait', 'events of gateways that are not done', ['event'], '60', '300'),
  waits('payouts-wait', 'payouts without an end', ['payout'], '3600', '7200'),
  waits(
    'review-wait',
    'withdrawals and held deposits that wait for a person',
    ['withdrawal', 'deposit'],
    '14400',
    '28800',
  ),
  {
    ...seconds,
    name: 'messages-wait',
    about: 'mail and text messages that have not gone out',
    label: 'age',
    warning: '300',
    critical: '900',
    async look({ sql, now }) {
      const standing = await messages.standing(sql(), now)
      const since = standing
        .flatMap(({ waitingSince }) => waitingSince ?? [])
        .toSorted((a, b) => a.getTime() - b.getTime())
      return age(since[0], now, (old) => `the oldest message waits ${old} s`, 'no message waits')
    },
  },
  {
    name: 'returns-outside',
    about: 'times in two days that a game returned more or less than chance explains',
    label: 'times',
    unit: '',
    warning: '0',
    critical: '3',
    after: database,
    async look({ sql, now }) {
      const alarms = await games.returnAlarms(sql(), 1000)
      const value = alarms.filter(({ at }) => at.getTime() >= now.getTime() - 2 * dayMs).length
      return { value, words: `${value} times outside in two days` }
    },
  },
]
