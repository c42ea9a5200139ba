import { execFile, execFileSync } from 'node:child_process'
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statfsSync } from 'node:fs'
import { arch, cpus, freemem, loadavg, release, totalmem, uptime } from 'node:os'
import { join } from 'node:path'
import type { Home } from '../appliance/home.ts'
import { repository } from '../appliance/identity.ts'
import { connect, postgresBinaries } from '../appliance/postgres.ts'

/** What a bundle has, as it is found: a path in the bundle and its text. Nothing here is taken out yet. */
export type Part = { path: string; text: string }

const answerMsMax = 60_000
const schemaMsMax = 5000
const logBytesMax = 1024 * 1024

/** Everything a helper far away asks for first. What cannot be had says why in its place. */
export async function partsOf(home: Home, { lines, settings }: { lines: number; settings: unknown }): Promise<Part[]> {
  const [status, doctor, schema] = await Promise.all([
    said(home, ['status', '--json']),
    said(home, ['doctor', '--json']),
    schemaOf(home),
  ])
  return [
    { path: 'versions.txt', text: versions() },
    { path: 'machine.txt', text: machine(home) },
    { path: 'status.json', text: status },
    { path: 'doctor.json', text: doctor },
    { path: 'schema.txt', text: schema },
    { path: 'settings.json', text: `${JSON.stringify(settings, null, 2)}\n` },
    ...configurations(home),
    ...logs(home, lines),
  ]
}

/** What another word of this command says, whatever it makes of the home. */
function said(home: Home, words: string[]): Promise<string> {
  const args = [...process.execArgv, join(repository, 'ops/countroom.ts'), ...words]
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      args,
      { timeout: answerMsMax, maxBuffer: 16 * 1024 ** 2, env: { ...process.env, COUNTROOM_HOME: home.dir } },
      (error, out, complaint) => resolve(out || complaint || `no answer: ${error?.message ?? 'it said nothing'}\n`),
    )
  })
}

async function schemaOf(home: Home): Promise<string> {
  if (!home.has('secrets/postgres-app')) return 'not known: there is no database yet\n'
  const sql = connect(home, 'app')
  const patience = new Promise<never>((_, reject) =>
    setTimeout(reject, schemaMsMax, new Error(`no answer within ${schemaMsMax / 1000} s`)).unref(),
  )
  const asked = sql<Array<{ room: string; last: string; count: number }>>`
    select room, max(name) as last, count(*)::int as count from base.migrations group by room order by room`
  try {
    const rows = await Promise.race([asked, patience])
    return rows.map(({ room, last, count }) => `${room.padEnd(12)} ${last} (${count})\n`).join('')
  } catch (error) {
    return `not known: ${(error as Error).message}\n`
  } finally {
    void sql.end({ timeout: 0 })
  }
}

function versions(): string {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string }
  const system = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  const rows = {
    countroom: version,
    commit: first('git', ['-C', repository, 'rev-parse', 'HEAD']),
    node: process.version,
    openssl: process.versions.openssl,
    system: /^PRETTY_NAME="?([^"\n]+)/m.exec(system)?.[1] ?? 'not known',
    kernel: `${release()} ${arch()}`,
    postgresql: first(join(postgresBinaries(), 'postgres'), ['--version']),
    redis: first('/usr/bin/redis-server', ['--version']),
    pgbackrest: first('/usr/bin/pgbackrest', ['version']),
  }
  return table(rows)
}

function machine(home: Home): string {
  const disk = statfsSync(home.dir)
  const mebibytes = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`
  return table({
    processors: String(cpus().length),
    load: loadavg()
      .map((each) => each.toFixed(2))
      .join(' '),
    memory: `${mebibytes(freemem())} of ${mebibytes(totalmem())} free`,
    disk: `${mebibytes(disk.bavail * disk.bsize)} of ${mebibytes(disk.blocks * disk.bsize)} free below the home`,
    inodes: `${disk.ffree} of ${disk.files} free`,
    up: `${Math.round(uptime() / 3600)} h`,
    user: String(process.getuid?.()),
  })
}

function first(command: string, args: string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 5000 }).split(
      '\n',
    )[0]!
  } catch {
    return 'not there'
  }
}

const table = (rows: Record<string, string>): string =>
  Object.entries(rows)
    .map(([name, value]) => `${name.padEnd(12)} ${value}\n`)
    .join('')

/** As rendered for the processes; the card of what runs is left to `status`, which leaves its secret out. */
function configurations(home: Home): Part[] {
  const rendered = home.has('run')
    ? readdirSync(home.path('run')).filter((file) => /\.(json|conf|yml)$/.test(file))
    : []
  const files = [
    ...rendered.filter((file) => file !== 'appliance.json').map((file) => `run/${file}`),
    ...['postgresql.conf', 'postgresql.auto.conf', 'pg_hba.conf', 'pg_ident.conf'].map((file) => `pg/${file}`),
  ]
  return files
    .filter((file) => home.has(file))
    .map((file) => ({ path: `configurations/${file}`, text: readFileSync(home.path(file), 'utf8') }))
}

function logs(home: Home, lines: number): Part[] {
  const files = home.has('log') ? readdirSync(home.path('log')).filter((file) => file.endsWith('.log')) : []
  return files.map((file) => ({ path: `log/${file}`, text: endOf(home.path('log', file), lines) }))
}

/** Whole lines from the end of a file, at most a mebibyte of them. */
function endOf(file: string, lines: number): string {
  const descriptor = openSync(file, 'r')
  try {
    const { size } = fstatSync(descriptor)
    const from = Math.max(0, size - logBytesMax)
    const bytes = Buffer.alloc(size - from)
    const read = readSync(descriptor, bytes, 0, bytes.length, from)
    const all = bytes.subarray(0, read).toString('utf8').split('\n')
    if (from > 0) all.shift() // a piece of a line
    const kept = all.slice(-lines - 1)
    while (kept[0]?.startsWith('\t')) kept.shift() // goes on from what is not there
    return kept.join('\n')
  } finally {
    closeSync(descriptor)
  }
}
