import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kindOf } from '../../ops/appliance/components.ts'
import { viewHome } from '../../ops/appliance/home.ts'
import { asUser, findIdentities, type Identity, type Kind, userNames } from '../../ops/appliance/identity.ts'
import { agentRoles, agentSocket, postgresFolder, redisSocket } from '../../ops/appliance/sockets.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { newHome } from '../support/home.ts'
import { asNobody, cardIn, cardShown, countroom, launch, removeHome } from './command.ts'

/**
 * Started by root, each kind of process is a system user of its own: whatever code runs in it, the system says what it reaches. Each
 * user tries every socket and every file of a running appliance, and what it may is told whole.
 */
const home = newHome('small')
const isRoot = process.getuid?.() === 0
const { users } = findIdentities()
const kinds = Object.keys(userNames) as Kind[]
const nobody: Identity = { uid: 65534, gid: 65534 }
let appliance: Appliance
const start = async () => {
  appliance = await startAppliance({ home, freePorts: true })
}
beforeAll(async () => {
  await start()
  const list = join(home, 'stolen')
  writeFileSync(list, `${'A'.repeat(40)}:3\n`)
  const within = ['/bin/sh', '-c', 'umask 077; exec "$@"', 'sh'] // as a careful administrator has it
  const { code, out } = await countroom(home, ['passwords', 'import', list], { within })
  expect(code, out).toBe(0)
  rmSync(list)
})
afterAll(async () => {
  await appliance?.stop()
  rmSync(home, { recursive: true, force: true })
})

describe.runIf(isRoot)('started by root', () => {
  test('each process runs as the user of its kind, with its group, and none of root’s', tryEachProcess)

  test('each comes to the sockets it needs and to no other [CR-18]', tryEverySocket)

  test('each reads the files it needs and no other, and writes its own data', tryEveryFile)

  test('none ends, or looks into, a process of another kind', () => {
    const pids = new Map(appliance.processes().map(({ name, pid }) => [name, pid]))
    const script = `
      const said = {}
      for (const [name, pid] of ${JSON.stringify([...pids])}) {
        try { process.kill(pid, 0); said[name] = 'can' } catch (error) { said[name] = error.code }
        try { require('fs').readFileSync('/proc/' + pid + '/environ'); said[name] += ', looks' } catch (error) { said[name] += ', ' + error.code }
      }`
    for (const kind of kinds) {
      const said = runAs(userOf(kind), script) as Record<string, string>
      for (const [name, outcome] of Object.entries(said))
        expect(outcome, `${kind}: ${name}`).toBe(kindOf(name) === kind ? 'can, looks' : 'EPERM, EACCES')
    }
  })

  test('a home that one user had, as earlier versions left it, is given to those who work in it', async () => {
    await appliance.stop()
    asEarlierVersionsLeftIt()
    await start()
    tryEachProcess()
    tryEverySocket()
    tryEveryFile()
  }, 240_000)

  test('a link that a process left in its own folder leads the next start nowhere', async () => {
    await appliance.stop()
    const victim = join(home, 'victim')
    writeFileSync(victim, 'root’s', { mode: 0o600 })
    const links = ['pg/postgresql.conf.new', 'token/softhsm2.conf.new', 'token/state/link'].map((path) =>
      join(home, path),
    )
    for (const link of links) execFileSync('ln', ['-s', victim, link])
    await start()
    expect([readFileSync(victim, 'utf8'), statSync(victim).uid, statSync(victim).mode & 0o777]).toEqual([
      'root’s',
      0,
      0o600,
    ])
    rmSync(links[2]!)
    rmSync(victim)
  }, 240_000)
})

test('started by an ordinary user all of it is that user, for that user alone, and the doctor says what that means', async () => {
  const own = newHome('small')
  const uid = isRoot ? nobody.uid : process.getuid?.()
  if (isRoot) execFileSync('chown', ['-R', '65534:65534', own])
  const up = launch(own, ['up', '--free-ports'], { within: asNobody })
  try {
    await cardShown(up)
    for (const { name, pid } of cardIn(own).processes) expect(statSync(`/proc/${pid}`).uid, name).toBe(uid)
    for (const folder of ['run', 'run/ops', 'run/core', 'run/pg', 'pg', 'secrets', 'token'])
      expect((statSync(join(own, folder)).mode & 0o7777).toString(8), folder).toBe('700')
    const { out } = await countroom(own, ['doctor', '--json'], { within: asNobody })
    const { findings } = JSON.parse(out) as { findings: Array<{ id: string; severity: string; evidence: string }> }
    expect(findings.filter(({ severity }) => severity !== 'sound')).toEqual([])
    expect(findings.find(({ id }) => id === 'users')?.evidence).toMatch(
      /^everything runs as .*what one process reaches, each does/,
    )
  } finally {
    up.child.kill('SIGTERM')
    await up.ended
    removeHome(own)
  }
}, 240_000)

/** What an unprivileged process of each kind may connect to. */
function tryEverySocket(): void {
  const view = viewHome(home)
  const sockets = {
    ...Object.fromEntries(agentRoles.map((role) => [`key agent, ${role}`, agentSocket(view, role)])),
    PostgreSQL: join(postgresFolder(view), '.s.PGSQL.5432'),
    Redis: redisSocket(view),
  }
  const script = `
    const said = []
    const tried = Object.entries(${JSON.stringify(sockets)}).map(([name, path]) => new Promise((resolve) => {
      const socket = require('net').createConnection(path)
      socket.on('connect', () => { said.push(name); socket.destroy(); resolve() })
      socket.on('error', ({ code }) => { if (code !== 'EACCES') said.push(name + ': ' + code); resolve() })
    }))
    await Promise.all(tried)
    said.sort()`
  const reached = Object.fromEntries([...kinds, undefined].map((kind) => [kind, runAs(userOf(kind), script)]))
  expect(reached).toEqual({
    postgres: ['PostgreSQL'],
    redis: ['Redis'],
    etcd: [],
    keys: ['key agent, core', 'key agent, edge', 'key agent, ops', 'key agent, work'],
    core: ['PostgreSQL', 'Redis', 'key agent, core'],
    work: ['PostgreSQL', 'Redis', 'key agent, work'],
    edge: ['key agent, edge'],
    sandbox: [],
    exporter: ['PostgreSQL', 'Redis'],
    undefined: [],
  })
}

/** Who reads what, by the path in the home; a folder with a slash stands for all in it. What stands not here, nobody but root reads. */
const everybody = [...kinds, undefined]
const readers: Array<[RegExp, ReadonlyArray<Kind | undefined>]> = [
  [/^(countroom\.json|installed)$/, everybody],
  [/^manifest(\.before)?\//, everybody],
  [/^tls\/.*\.pem$/, everybody],
  [/^tls\/core-[12]\.key$/, ['core']],
  [/^tls\/work-1\.key$/, ['work']],
  [/^tls\/(edge|public)\.key$/, ['edge']],
  [/^run\/credentials\/core\/(postgres-app|redis|gateway-sandbox|carrier-sandbox-receipts)$/, ['core']],
  [/^run\/credentials\/work\/(postgres-work|redis|gateway-sandbox|carrier-sandbox)$/, ['work']],
  [/^run\/credentials\/edge\/(redis-edge|edge-tickets)$/, ['edge']],
  [/^run\/credentials\/sandbox\/(gateway-sandbox|carrier-sandbox(-receipts)?)$/, ['sandbox']],
  [/^run\/credentials\/keys\/hsm-(so-)?pin$/, ['keys']],
  [/^run\/core-[12]\.json$/, ['core', 'work']],
  [/^run\/(work-1|clock)\.json$/, ['work']],
  [/^run\/edge\.json$/, ['edge', 'work']],
  [/^run\/keys\.json$/, ['keys', 'work']],
  [/^run\/sandbox\.json$/, ['sandbox', 'work']],
  [/^run\/redis\.conf$/, ['redis', 'work']],
  [/^run\/pg\/\.s\.PGSQL\.\d+\.lock$/, ['postgres', 'core', 'work', 'exporter']], // who may come to the socket
  [/^pg\/(postgresql|postgresql\.auto|pg_hba|pg_ident)\.conf$/, ['postgres', 'work']],
  [/^pg\/postmaster\.(opts|pid)$/, ['postgres', 'work']], // made beside them: a process's number and its words
  [/^passwords\/breached$/, everybody], // the known list of stolen passwords
  [/^pg\//, ['postgres']],
  [/^token\//, ['keys']],
  [/^continuity\//, ['core']],
  [/^acme\//, ['edge']],
]
const writers: Array<[RegExp, Kind[]]> = [
  [/^(pg|run\/pg)\//, ['postgres']],
  [/^token\//, ['keys']],
  [/^continuity\//, ['core']],
  [/^acme\//, ['edge']],
  [/^run\/redis\.conf$/, ['redis']],
  [/^run\/(core-[12]|work-1|edge|keys|sandbox)\.json$/, ['core', 'work', 'edge', 'keys', 'sandbox']], // each its own, see below
  [/^tls\/.*\.key$/, ['core', 'work', 'edge']],
]

/** Each user tries to read and to write every file there is. */
function tryEveryFile(): void {
  const files = readdirSync(home, { recursive: true })
    .map(String)
    .filter((path) => statSync(join(home, path), { throwIfNoEntry: false })?.isFile())
  const list = join(home, 'files')
  writeFileSync(list, JSON.stringify(files))
  chmodSync(list, 0o644)
  const script = `
    const fs = require('fs')
    const may = (path, flag) => { try { fs.closeSync(fs.openSync(path, flag)); return true } catch (error) { return error.code === 'EACCES' ? false : error.code } }
    const said = JSON.parse(fs.readFileSync(${JSON.stringify(list)}, 'utf8')).map((path) =>
      [path, may(${JSON.stringify(home)} + '/' + path, 'r'), may(${JSON.stringify(home)} + '/' + path, 'r+')])`
  const found = everybody.map(
    (kind) =>
      [
        kind,
        new Map((runAs(userOf(kind), script) as Array<[string, unknown, unknown]>).map((row) => [row[0], row])),
      ] as const,
  )
  rmSync(list)
  const wrong: string[] = []
  for (const path of files) {
    if (!existsSync(join(home, path))) continue // PostgreSQL has taken it away meanwhile
    const may = readers.find(([pattern]) => pattern.test(path))?.[1] ?? []
    const change = writers.find(([pattern]) => pattern.test(path))?.[1] ?? []
    for (const [kind, said] of found) {
      if (path === 'pg/postmaster.opts' && kind === 'work') continue // PostgreSQL leaves it the mode it was first made with
      const [, reads, writes] = said.get(path)!
      if (reads !== 'ENOENT' && reads !== may.includes(kind)) wrong.push(`${kind} reads ${path}: ${reads}`)
      const own = kind !== undefined && change.includes(kind) && may.includes(kind) && isOwn(path, kind)
      if (writes !== 'ENOENT' && writes !== own) wrong.push(`${kind} writes ${path}: ${writes}`)
    }
  }
  expect(wrong).toEqual([])
  expect(files.filter((path) => path.startsWith('secrets/'))).toHaveLength(13)
}

/** The worker reads the configurations of others, and writes none of them. */
function isOwn(path: string, kind: Kind): boolean {
  return statSync(join(home, path)).uid === userOf(kind)?.uid
}

function tryEachProcess(): void {
  for (const { name, pid } of appliance.processes()) {
    const user = userOf(kindOf(name))!
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const words = (field: string) => new RegExp(`^${field}:(.*)$`, 'm').exec(status)?.[1]?.trim().split(/\s+/)
    expect(words('Uid'), name).toEqual(Array(4).fill(String(user.uid)))
    expect(words('Gid'), name).toEqual(Array(4).fill(String(user.gid)))
    expect(words('Groups')?.filter(Boolean), name).toEqual((user.groups ?? []).map(String))
    expect(words('NoNewPrivs'), name).toEqual(['1'])
  }
}

/** One user had all of it, in fewer folders, and configurations were for that user alone. */
function asEarlierVersionsLeftIt(): void {
  const run = join(home, 'run')
  for (const name of readdirSync(run)) if (!name.endsWith('.json')) rmSync(join(run, name), { recursive: true })
  for (const [path, mode] of [
    ['run', '700'],
    ['pg', '700'],
    ['log', '750'],
  ] as const)
    chmodSync(join(home, path), Number.parseInt(mode, 8))
  execFileSync('chmod', ['-R', 'go-rwx', join(home, 'pg'), run, join(home, 'manifest')])
  execFileSync('chown', ['-R', 'countroom:countroom', home])
}

function userOf(kind: Kind | undefined): Identity | undefined {
  return kind === undefined ? nobody : users[kind]
}

/** Runs a script as a user, with the groups its process has; answers what it leaves in `said`. */
function runAs(user: Identity | undefined, script: string): unknown {
  const whole = `(async () => {${script}\nconsole.log(JSON.stringify(said))})()`
  const [command, args] = asUser(user, process.execPath, ['-e', whole])
  const ran = spawnSync(command, args, { encoding: 'utf8', cwd: '/', maxBuffer: 64 * 1024 ** 2 })
  expect(ran.stderr).toBe('')
  return JSON.parse(ran.stdout)
}
