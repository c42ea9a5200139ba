import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { viewHome } from '../../ops/appliance/home.ts'
import { findIdentities } from '../../ops/appliance/identity.ts'
import { connect } from '../../ops/appliance/postgres.ts'
import { readSettings } from '../../ops/appliance/settings.ts'
import { startAppliance } from '../../ops/appliance.ts'
import { restore, takeBackup } from '../../ops/backup/index.ts'
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

async function measure(folder: string, { say, gigabytes = gigabytesUsual }: RunOptions): Promise<Report> {
  const [from, to, repository] = ['old', 'new', 'repository'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const home = viewHome(from)
  // The books are filled before anything is archived, since it is the restore that is measured.
  await withAppliance(from, undefined, async () => {
    const transfers = await fill(from, gigabytes, say)
    say(`${transfers.toLocaleString('en')} transfers`)
  })
  const backedUp = await withAppliance(
    from,
    { repositories: [{ directory: repository }], drillDays: 0, fullDays: 90 },
    async () => {
      say('backing up')
      const began = performance.now()
      const users = findIdentities().users
      // The appliance makes the first by itself as it starts: whoever comes second waits for it.
      for (;;)
        try {
          const { backups } = await takeBackup({ home, settings: readSettings(home), users }, 'full')
          return { ...backups[0]!, seconds: (performance.now() - began) / 1000 }
        } catch (error) {
          if (!/under way|not ready|missing/.test((error as Error).message)) throw error
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
      { name: 'full backup', value: backedUp.seconds, unit: 's' },
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

async function fill(from: string, gigabytes: number, say: (line: string) => void): Promise<number> {
  const sql = connect(viewHome(from), 'app')
  try {
    await sql`
      insert into ledger.wallets (player, currency, opened_at) select 'plr_' || n, 'EUR', now() from generate_series(1, ${wallets}::int) n`
    await fund(sql, wallets)
    for (let each = 1; ; each++) {
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
