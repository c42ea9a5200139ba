import { execFileSync, spawn } from 'node:child_process'
import { chownSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Home, readSecretFile } from './home.ts'
import { asUser, type Identity } from './identity.ts'
import { postgresBinaries, roles } from './postgres.ts'
import { markOf, printMark } from './processes.ts'
import { Trouble } from './trouble.ts'

/** What initdb is told of the administrator; PostgreSQL's user reads it, and it is there for as long as that takes. */
const passwordFile = 'run/initdb.password'

/** Makes the database cluster when there is none: whole under its name, or not there. Answers whether it was made. */
export async function ensureCluster(
  home: Home,
  engine: Identity | undefined,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const binaries = postgresBinaries()
  rmSync(home.path(passwordFile), { force: true }) // of a start that was killed
  if (home.has('pg/PG_VERSION')) {
    refuseOtherVersion(home, binaries)
    return false
  }
  const fresh = home.path('pg.new')
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { mode: 0o700 })
  if (engine) chownSync(fresh, engine.uid, engine.gid)
  try {
    await initialise(home, join(binaries, 'initdb'), fresh, engine, signal)
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true })
    throw error
  }
  renameSync(fresh, home.path('pg'))
  return true
}

/** Its pid is noted, so that the next start can end what a killed one left at work on the same folder. */
async function initialise(
  home: Home,
  command: string,
  data: string,
  engine: Identity | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  home.write(passwordFile, readSecretFile(home, 'postgres-admin'), 0o400, engine)
  const words = [
    ...['-D', data, '-U', roles.admin, '--auth=scram-sha-256', `--pwfile=${home.path(passwordFile)}`],
    ...['--encoding=UTF8', '--locale=C', '--data-checksums', '--no-instructions'],
  ]
  const child = spawn(...asUser(engine, command, words), {
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    ...(signal ? { signal } : {}),
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const mark = child.pid === undefined ? undefined : markOf(child.pid)
  if (mark) home.write('run/initdb.pid', printMark(mark))
  const ended = await new Promise<number | Error>((resolve) => {
    child.once('error', (error) => (child.pid === undefined ? resolve(error) : undefined))
    child.once('close', (code) => resolve(code ?? -1))
  })
  for (const file of ['run/initdb.pid', passwordFile]) rmSync(home.path(file), { force: true })
  signal?.throwIfAborted()
  if (ended === 0) return
  const full = /No space left on device|Disk quota exceeded/.test(said)
  const why = /(?:FATAL|PANIC|error): +(.*)/.exec(said)?.[1] ?? (said.trim() || String(ended))
  throw new Trouble(
    full ? `The disk of ${home.dir} is full: ${why}` : `The database cluster could not be made in ${data}: ${why}`,
    {
      setting: 'COUNTROOM_HOME (where the data live)',
      remedy: full ? `df -h ${home.dir}; df -i ${home.dir}` : `namei -l ${data}`,
      cause: said,
    },
  )
}

function refuseOtherVersion(home: Home, binaries: string): void {
  const data = readFileSync(home.path('pg/PG_VERSION'), 'utf8').trim()
  const installed = execFileSync(join(binaries, 'postgres'), ['--version'], { encoding: 'utf8' }).match(/ (\d+)/)?.[1]
  if (data === installed) return
  throw new Trouble(`The data in ${home.path('pg')} are PostgreSQL ${data}'s, the installed server is ${installed}.`, {
    setting: home.path('pg/PG_VERSION'),
    remedy: `apt-get install postgresql-${data}, or pg_upgrade`,
  })
}
