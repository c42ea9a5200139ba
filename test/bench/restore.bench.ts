import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { viewHome } from '../../ops/appliance/home.ts'
import { findIdentities } from '../../ops/appliance/identity.ts'
import { connect } from '../../ops/appliance/postgres.ts'
import { readSettings } from '../../ops/appliance/settings.ts'
import { startAppliance } from '../../ops/appliance.ts'
import { withEngine } from '../../ops/backup/engine.ts'
import { holdings, restore } from '../../ops/backup/index.ts'
import type { Benchmark, Figure, Report, RunOptions } from './benchmark.ts'
import { fillRound, fund } from './ledger/books.ts'
import { machine } from './machine.ts'

const gigabytesUsual = 0.25
const wallets = 100_000
const secondsMax = 600

/**
 * A casino whose books hold so many gigabytes, booked by the same function that books all others, is backed up, stopped, and brought back on
 * a bare folder: files, log, and the proof of all of it.
 */
const benchmark: Benchmark = {
  name: 'restore',
  summary: 'seconds until a casino of N GB (--gb N, bar at 10) is back on a bare folder and proven, by step',
  seconds: 1,
  async run(options) {
    const folder = mkdtempSync(join(tmpdir(), 'cr-bench-restore-'))
    chmodSync(folder, 0o755)
    try {
      return await measure(folder, options)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
export default benchmark

async function measure(folder: string, { say, kept, gigabytes = gigabytesUsual }: RunOptions): Promise<Report> {
  const [to, repository] = [join(folder, 'new'), join(folder, 'repository')]
  const from = kept === undefined ? join(folder, 'old') : resolve(kept)
  const home = viewHome(from)
  // The books are filled before anything is archived and while nobody proves them, since it is the restore that is measured.
  if (!home.has('installed')) await withAppliance(from, undefined, async () => {})
  await withEngine(home, readSettings(home), findIdentities().users, async () => {
    const transfers = await fill(from, gigabytes, say)
    say(`${transfers.toLocaleString('en')} transfers`)
  })
  const backedUp = await withAppliance(
    from,
    { repositories: [{ directory: repository }], drillDays: 0, fullDays: 90 },
    async () => {
      say('backing up') // which it does by itself as it starts
      const users = findIdentities().users
      for (;;) {
        const { backups } = await holdings(home, users).catch(() => ({ backups: [] }))
        if (backups[0]) return backups[0]
        await new Promise((done) => setTimeout(done, 1000))
      }
    },
  )
  say(`${gibibytes(backedUp.bytes)} of data, ${gibibytes(backedUp.storedBytes)} in the repository`)
  const began = performance.now()
  const { steps, loss } = await restore({ home: to, from: repository, target: { kind: 'now' }, keysOf: from, say })
  const seconds = (performance.now() - began) / 1000
  if (loss.missing > 0) throw new Error('what had been seen in the books did not come back')
  const bar = gigabytes >= 10 ? ({ bar: `<=${secondsMax}` } as const) : {}
  const parts: Figure[] = steps.map(({ name, seconds }) => ({ name: `of these, ${name}`, value: seconds, unit: 's' }))
  return {
    conditions: {
      ...machine(folder),
      data: gibibytes(backedUp.bytes),
      'in the repository': gibibytes(backedUp.storedBytes),
    },
    figures: [
      { name: 'back and proven', value: seconds, unit: 's', ...bar },
      ...parts,
      { name: 'full backup', value: (backedUp.stoppedAt.getTime() - backedUp.startedAt.getTime()) / 1000, unit: 's' },
    ],
  }
}

async function withAppliance<T>(home: string, backup: object | undefined, work: () => Promise<T>): Promise<T> {
  mkdirSync(home, { recursive: true, mode: 0o755 })
  writeFileSync(join(home, 'countroom.json'), JSON.stringify({ edgeWorkers: 1, ...(backup ? { backup } : {}) }))
  const appliance = await startAppliance({ home, freePorts: true, approveProgram: true })
  try {
    return await work()
  } finally {
    await appliance.stop()
  }
}

/** Until the database is as large; goes on where a run before left it. */
async function fill(from: string, gigabytes: number, say: (line: string) => void): Promise<number> {
  const sql = connect(viewHome(from), 'app')
  try {
    const [filled] = await sql<
      Array<{ rounds: number }>
    >`select version::int as rounds from ledger.wallets where wallet = 1`
    if (!filled) {
      await sql`
        insert into ledger.wallets (player, currency, opened_at) select 'plr_' || n, 'EUR', now() from generate_series(1, ${wallets}::int) n`
      await fund(sql, wallets)
    }
    for (let each = filled?.rounds ?? 1; ; each++) {
      const [size] = await sql<Array<{ bytes: string }>>`select pg_database_size(current_database())::text as bytes`
      say(`filled ${gibibytes(Number(size?.bytes))}`)
      if (Number(size?.bytes) >= gigabytes * 2 ** 30) return wallets * each
      const half = wallets / 2
      await Promise.all([fillRound(sql, half, each), fillRound(sql, wallets, each, half + 1)])
    }
  } finally {
    await sql.end({ timeout: 5 })
  }
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`
}
