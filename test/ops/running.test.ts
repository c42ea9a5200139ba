import { execFileSync } from 'node:child_process'
import { createHash, createHmac, createSecretKey } from 'node:crypto'
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectKeys, type WrappedDek } from '#keys'
import { openCopy, readBackup } from '../../core/keys/agent/backup.ts'
import { copiesKeyOf } from '../../core/keys/agent/sealing.ts'
import { joinShares, readShare } from '../../core/keys/agent/shares.ts'
import { viewHome } from '../../ops/appliance/home.ts'
import { connect } from '../../ops/appliance/postgres.ts'
import { commandLineOf } from '../../ops/appliance/processes.ts'
import { agentSocket } from '../../ops/appliance/sockets.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { arrive, openClient, someone, until } from '../support/client.ts'
import { newHome } from '../support/home.ts'
import { holdCeremony } from '../support/keys.ts'
import { foundIn } from '../support/memory.ts'
import { countroom, processesOf, repository } from './command.ts'

/** A running appliance, seen from outside: by its commands, and by what the kernel knows of its processes. */
const home = newHome('small')
const shipped = join(mkdtempSync(join(tmpdir(), 'cr-shipped-')), 'audit.jsonl')
chmodSync(dirname(shipped), 0o777) // the worker is another user
writeFileSync(join(home, 'countroom.json'), JSON.stringify({ edgeWorkers: 1, auditShipTo: { file: shipped } }))
let appliance: Appliance
beforeAll(async () => {
  appliance = await startAppliance({ home, freePorts: true })
})
afterAll(async () => {
  await appliance?.stop()
  rmSync(home, { recursive: true, force: true })
  rmSync(dirname(shipped), { recursive: true, force: true })
})

test('status: one screen, and JSON without the enrolment secret', async () => {
  const screen = await countroom(home, ['status'])
  expect(screen.code, screen.out).toBe(0)
  for (const { name, pid } of appliance.processes()) expect(screen.out).toMatch(new RegExp(`${name} +running +${pid} `))
  const json = await countroom(home, ['status', '--json'])
  expect(JSON.parse(json.out)).toMatchObject({ running: true, urls: { lobby: appliance.urls.lobby } })
  expect(json.out).not.toContain('enrol')
})

test('status: each promise by the month and by the last hour; with Redis away the hour is unknown, and the month is not', async () => {
  type Told = { promises: Array<{ slo: string; hour?: { events: number }; month?: { met?: boolean } }> }
  const promises = async () => (JSON.parse((await countroom(home, ['status', '--json'])).out) as Told).promises
  const told = await until('a sample', async () => {
    const all = await promises()
    return all.some(({ hour }) => hour !== undefined) ? all : undefined
  })
  expect(told.map(({ slo }) => slo)).toEqual(['availability', 'bet-latency', 'deposits', 'settlement'])
  expect(told[0]).toMatchObject({ month: { met: true } })
  const redis = appliance.processes().find(({ name }) => name === 'redis')!.pid!
  process.kill(redis, 'SIGSTOP')
  const { out } = await countroom(home, ['status']).finally(() => process.kill(redis, 'SIGCONT'))
  expect(out).toMatch(/availability +kept +99\.9 % promised; 20\d\d-\d\d 100 %, last hour unknown/)
})

test('rng: a laboratory gets raw bits, and rounds of a game whose draws lead to their outcomes again [GLI-3.2.2]', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cr-rng-'))
  try {
    const [raw, rounds] = [join(folder, 'raw'), join(folder, 'rounds')]
    const made = await Promise.all([
      countroom(home, ['rng', 'raw', '--bits', '800000', '--out', raw]),
      countroom(home, ['rng', 'outcomes', '--game', 'roulette-european', '--n', '500', '--out', rounds]),
    ])
    expect(made.map(({ code, out }) => [code, out])).toEqual([
      [0, ''],
      [0, ''],
    ])
    expect(statSync(raw)).toMatchObject({ size: 100_000 })
    expect(gzipSync(readFileSync(raw)).length).toBeGreaterThan(100_000) // there is nothing in it to be pressed together
    const lines = readFileSync(rounds, 'utf8').trimEnd().split('\n')
    expect(lines).toHaveLength(500)
    for (const { draws, outcome } of lines.map((line) => JSON.parse(line)))
      expect(draws).toEqual([['wheel', 37, outcome.number]])
    expect((await countroom(home, ['rng', 'raw', '--bits', '80', '--out', raw])).out).toMatch(/it is there already/)
    expect((await countroom(home, ['rng', 'outcomes', '--game', 'poker', '--n', '1'])).out).toMatch(
      /no such game|There is no game/i,
    )
    expect((await countroom(home, ['rng', 'raw', '--bits', '7'])).out).toMatch(/a multiple of 8/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('the list of stolen passwords is taken as it is downloaded; what is none is named, and nothing of it taken [S02]', async () => {
  const list = join(dirname(shipped), 'stolen')
  const given = async (text: string) => {
    writeFileSync(list, text)
    return countroom(home, ['passwords', 'import', list])
  }
  const sha1 = (password: string) => createHash('sha1').update(password).digest('hex').toUpperCase()
  const lines = ['walrus tambourine quartz', 'correct horse battery staple'].map((word) => `${sha1(word)}:7`).sort()
  expect(await given(`${lines.join('\r\n')}\r\n`)).toMatchObject({ code: 0, out: expect.stringMatching(/^2 stolen/) })
  for (const [text, says] of [
    ['walrus tambourine quartz', /line 1 is not a SHA-1.*the SHA-1 of one password a line/s],
    [lines.toReversed().join('\n'), /line 2 is out of order.*sort -u/s],
  ] as const)
    expect(await given(text)).toMatchObject({ code: 1, out: expect.stringMatching(says) })
  const folder = await countroom(home, ['passwords', 'import', dirname(list)])
  expect(folder).toMatchObject({ code: 1, out: expect.stringMatching(/no file that can be read/) })
  const nowhere = await countroom(join(dirname(list), 'none'), ['passwords', 'import', list])
  expect(nowhere).toMatchObject({ code: 1, out: expect.stringMatching(/There is no appliance/) })
  expect((await countroom(home, ['passwords', 'status'])).out).toMatch(/^2 stolen/)
  const who = { ...someone(), password: 'walrus tambourine quartz' }
  const player = openClient(appliance.urls.lobby, { ca: appliance.card().ca })
  await expect(arrive(player, appliance.urls, who)).rejects.toThrow('players.password_breached')
  await player.close()
})

test('status tells a process that a signal holds, with exit code 2', async () => {
  const pid = appliance.processes().find((unit) => unit.name === 'sandbox')!.pid!
  process.kill(pid, 'SIGSTOP')
  const { code, out } = await countroom(home, ['status']).finally(() => process.kill(pid, 'SIGCONT'))
  expect(code).toBe(2)
  expect(out).toMatch(/sandbox +stopped/)
})

test('the audit log reaches its second place; verify shipped finds no gap, and finds one that is made [S52]', async () => {
  await until('the worker to ship', async () =>
    (await countroom(home, ['verify', 'shipped', shipped])).code === 0 ? true : undefined,
  )
  const whole = await countroom(home, ['verify', 'shipped', shipped, '--json'])
  expect(JSON.parse(whole.out)).toMatchObject({ ok: true, first: 1, repeated: 0, foreign: 0 })
  expect(readFileSync(shipped, 'utf8')).toContain('"code":"host.started"')
  const short = `${shipped}.short`
  writeFileSync(short, readFileSync(shipped, 'utf8').trim().split('\n').slice(0, -2).join('\n'))
  const behind = await until('the worker to have counted what it shipped', async () => {
    const found = await countroom(home, ['verify', 'shipped', short])
    return found.code === 1 ? found : undefined
  })
  expect(behind.out).toMatch(/it ends with line \d+, and \d+ were shipped[\s\S]+runbooks\/audit-events\.md/)
  expect((await countroom(home, ['verify', 'shipped', short, '--alone'])).code).toBe(0)
  const { code, out } = await countroom(home, ['audit', 'archive', `${shipped}.archive`])
  expect([code, out]).toEqual([0, 'Nothing is old enough to be archived.\n'])
})

test('doctor: 0 when all is sound, 2 when something is broken; JSON parses', async () => {
  expect((await countroom(home, ['doctor'])).code).toBe(0)
  writeFileSync(join(home, 'countroom.json'), '{"diskMebibytesMin": 1000000000}')
  const { code, out } = await countroom(home, ['doctor', '--json'])
  rmSync(join(home, 'countroom.json'))
  expect(code).toBe(2)
  const { findings } = JSON.parse(out) as { findings: Array<{ id: string; severity: string }> }
  expect(findings.filter(({ severity }) => severity !== 'sound')).toMatchObject([{ id: 'disk', severity: 'broken' }])
})

test('books that contradict themselves: verify names the row with exit code 1, status says what the worker found with 2', async () => {
  const admin = connect(viewHome(home), 'admin')
  expect((await countroom(home, ['status'])).out).toMatch(/Books (sound, proven|not proven yet)/)
  expect((await countroom(home, ['status'])).out).toMatch(/Certificates current, the next ends 20\d\d-/)
  await admin`insert into ledger.wallets (player, currency, opened_at, cash) values ('plr_forged', 'EUR', now(), 5)`
  const [{ wallet } = {}] = await admin`select wallet from ledger.wallets where player = 'plr_forged'`
  const whole = await countroom(home, ['verify', 'ledger'])
  const fresh = await countroom(home, ['verify', 'ledger', '--since', new Date().toISOString()])
  await admin`delete from ledger.wallets where player = 'plr_forged'`
  expect(whole.code).toBe(1)
  expect(whole.out).toMatch(new RegExp(`^FAILED {2}ledger: every wallet equals .*: wallet ${wallet}$`, 'm'))
  expect(whole.out).toContain('ops/runbooks/books-contradict.md')
  expect(fresh).toMatchObject({
    code: 0,
    out: expect.stringMatching(/was proven from \S+Z on; what is older was not looked at/),
  })

  // Later than any proof of the worker's that comes meanwhile.
  await admin`insert into ledger.proofs values (now() + interval '1 hour', '1970-01-01', false, 'every wallet equals its last running balance: wallet 7')`
  const told = await countroom(home, ['status'])
  const json = await countroom(home, ['status', '--json'])
  await admin`delete from ledger.proofs where not ok`
  await admin.end()
  expect(told).toMatchObject({
    code: 2,
    out: expect.stringMatching(/BOOKS CONTRADICT THEMSELVES.*wallet 7\n.*books-contradict\.md/),
  })
  expect(JSON.parse(json.out)).toMatchObject({
    books: { state: 'contradict', firstBad: expect.stringContaining('wallet 7') },
  })
})

test('verify of what is new: from the last sound proof on, or from an instant', async () => {
  expect((await countroom(home, ['verify', 'ledger', '--incremental'])).code).toBe(0)
  const json = await countroom(home, ['verify', 'ledger', '--since', '2026-01-01T00:00:00Z', '--json'])
  expect(JSON.parse(json.out)).toMatchObject({ ok: true, since: '2026-01-01T00:00:00.000Z' })
  for (const words of [
    ['--since', 'yesterday'],
    ['--since', '2026-01-01', '--incremental'],
  ])
    expect((await countroom(home, ['verify', 'ledger', ...words])).code).toBe(1)
})

test('verify: proves, in words and JSON; what it does not know it names with what it does', async () => {
  expect((await countroom(home, ['verify'])).out).toMatch(/^ok {4} {2}ledger: [\s\S]*^ok {4} {2}audit: /m)
  const json = await countroom(home, ['verify', 'ledger', '--json'])
  expect(JSON.parse(json.out)).toMatchObject({ ok: true })
  const nonsense = await countroom(home, ['verify', 'nonsense'])
  expect(nonsense.code).toBe(1)
  expect(nonsense.out).toMatch(/'nonsense' is invalid[\s\S]*ledger, audit, program, all/)
})

test('logs: of one process; one there is not is named with those there are', async () => {
  const { code, out } = await countroom(home, ['logs', 'edge', '-n', '3'])
  expect(code).toBe(0)
  expect(out.trim().split('\n')).toHaveLength(3)
  expect(out).toContain('"name":"edge"')
  const nosuch = await countroom(home, ['logs', 'nosuch'])
  expect(nosuch.code).toBe(1)
  expect(nosuch.out).toMatch(/no log of "nosuch"[\s\S]*try: .*core-1 \|/)
  expect((await countroom(home, ['logs', '-n', 'many'])).code).toBe(1)
})

test('reset refuses while it runs, and removes nothing', async () => {
  const { code, out } = await countroom(home, ['reset', '--yes'])
  expect(code).toBe(1)
  expect(out).toMatch(new RegExp(`runs \\(process ${process.pid}\\)[\\s\\S]*try: .*kill ${process.pid}`))
  expect(appliance.processes().every((unit) => unit.restarts === 0 && unit.pid !== undefined)).toBe(true)
  expect(statSync(join(home, 'pg/PG_VERSION')).isFile()).toBe(true)
})

test('where nothing runs: status 3, verify 3, doctor 2, logs and reset say so', async () => {
  const nothing = newHome()
  const codes: Record<string, number | null> = {}
  for (const words of ['status', 'status --json', 'verify', 'doctor', 'logs', 'reset --yes']) {
    const { code, out } = await countroom(nothing, words.split(' '))
    codes[words] = code
    expect(out, words).not.toMatch(/\n {4}at /)
    if (words.endsWith('--json')) expect(JSON.parse(out)).toEqual({ running: false })
  }
  expect(codes).toEqual({ status: 3, 'status --json': 3, verify: 3, doctor: 2, logs: 1, 'reset --yes': 0 })
  expect(readdirSync(nothing)).toEqual([])
  rmSync(nothing, { recursive: true })
})

test('nothing listens beyond loopback', () => {
  const inodes = new Set(family().flatMap(socketsOf))
  const listening = ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((kind) =>
    socketsIn(kind).filter(({ inode }) => inodes.has(inode)),
  )
  const ports = new Set(listening.map(({ port }) => port))
  for (const [name, port] of Object.entries(appliance.card().ports)) expect(ports.has(port), name).toBe(true) // seen at all
  for (const { kind, address, port } of listening)
    expect(address, `${kind} port ${port}`).toMatch(/^0100007F$|^0{24}01000000$/)
})

test('engines never run as root, and nothing does where the clone can be read', () => {
  let seen = 0
  for (const pid of family()) {
    const uids = usersOf(pid)
    if (uids === undefined) continue // it ended meanwhile, as a backend of PostgreSQL may
    seen++
    expect(uids, commandLineOf(pid)).toHaveLength(4)
    expect(uids, commandLineOf(pid)).not.toContain('0')
  }
  expect(seen).toBeGreaterThan(8)
})

function usersOf(pid: number): string[] | undefined {
  try {
    return /^Uid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]?.split(/\s+/) ?? []
  } catch {
    return undefined
  }
}

test('secrets and private keys are for their owner only', () => {
  const files = ['secrets', 'tls', 'token']
    .flatMap((folder) =>
      readdirSync(join(home, folder), { recursive: true }).map((name) => join(home, folder, String(name))),
    )
    .filter((file) => statSync(file).isFile() && !file.endsWith('.pem'))
  expect(files.length).toBeGreaterThan(12)
  for (const file of files)
    expect((statSync(file).mode & 0o777).toString(8), file).toMatch(/hsm-(so-)?pin$/.test(file) ? /^400$/ : /^600$/)
  // Where each kind of process has a user of its own, some may pass: test/ops/users.test.ts says who, and how far.
  const passed: Record<string, string> = process.getuid?.() === 0 ? { pg: '750', run: '711' } : {}
  for (const folder of ['pg', 'secrets', 'token', 'run', 'redis'])
    expect((statSync(join(home, folder)).mode & 0o777).toString(8), folder).toBe(passed[folder] ?? '700')
})

test.each(['core-1', 'work-1'])(
  '[S37] %s can load no add-on, write no file, start no process, read no token',
  (name) => {
    const { pid } = appliance.processes().find((unit) => unit.name === name)!
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    const flags = words.slice(
      1,
      words.findIndex((word) => word.endsWith('.ts')),
    )
    expect(flags).toContain('--permission')
    const addon = join(repository, 'node_modules/pkcs11js/build/Release/pkcs11.node')
    const secret = join(home, 'secrets/hsm-pin')
    const attempts: Record<string, string> = {
      'load the add-on': `process.dlopen({ exports: {} }, ${JSON.stringify(addon)})`,
      'write a file': `require('fs').writeFileSync(${JSON.stringify(join(home, 'run/written'))}, 'x')`,
      'start a process': `require('child_process').execFileSync('/bin/true')`,
      'start a worker': `new (require('worker_threads').Worker)('1', { eval: true })`,
      'read the PIN': `require('fs').readFileSync(${JSON.stringify(secret)})`,
      'read the token': `require('fs').readdirSync(${JSON.stringify(join(home, 'token'))})`,
    }
    // Without the flags the same words must do something, or the refusals would prove nothing.
    expect(run([], attempts)).toEqual(Object.fromEntries(Object.keys(attempts).map((what) => [what, 'done'])))
    for (const [what, outcome] of Object.entries(run(flags, attempts)))
      expect(outcome, what).toMatch(/^ERR_(ACCESS_DENIED|DLOPEN_DISABLED)$/)
    rmSync(join(home, 'run/written'), { force: true })
  },
)

test('[S37] neither the edge nor its workers can load an add-on', () => {
  const { pid } = appliance.processes().find((unit) => unit.name === 'edge')!
  const workers = readdirSync('/proc')
    .map(Number)
    .filter((each) => Number.isInteger(each) && parentOf(each) === pid)
  expect(workers.length).toBeGreaterThan(0)
  const addon = join(repository, 'node_modules/pkcs11js/build/Release/pkcs11.node')
  const attempt = { 'load the add-on': `process.dlopen({ exports: {} }, ${JSON.stringify(addon)})` }
  expect(run([], attempt)).toEqual({ 'load the add-on': 'done' })
  for (const each of [pid!, ...workers]) {
    const words = readFileSync(`/proc/${each}/cmdline`, 'utf8').split('\0')
    const flags = words.slice(
      1,
      words.findIndex((word) => word.endsWith('.ts')),
    )
    expect(run(flags, attempt)).toEqual({ 'load the add-on': 'ERR_DLOPEN_DISABLED' })
  }
})

test('[S37] the memory of core, worker and edge holds neither the PIN nor a key-encryption key they work with', async () => {
  const ops = connectKeys({ socket: agentSocket(viewHome(home), 'ops'), deadlineMs: 10_000 })
  try {
    // A ceremony is the one way to know the bytes of a key: two custodians open its copy.
    const { shares } = await holdCeremony(ops, { custodians: ['Ada', 'Grace'], threshold: 2 })
    const { key } = await ops.activate((await ops.create('kek-pii')).key)
    const secret = await joinShares(shares.map((text) => readShare(text).bytes))
    const { body } = readBackup(await ops.backup())
    const entry = body.entries.find((each) => each.key === key)
    const mac = createSecretKey(copiesKeyOf(secret))
    const kek = openCopy(entry!, body.recovery, secret, (data) => createHmac('sha256', mac).update(data).digest())
    expect(kek).toHaveLength(32)

    const client = openClient(appliance.urls.lobby, { ca: appliance.card().ca })
    await arrive(client, appliance.urls) // whose data keys are wrapped under it
    expect((await client.ask('GET', '/api/me')).status).toBe(200)
    await client.close()
    const sql = connect(viewHome(home), 'app')
    const rows = await sql<WrappedDek[]>`select kek, wrapped, binding from keys.deks where kek = ${key}`
    await sql.end()
    expect(rows.length).toBeGreaterThan(0)

    const pin = Buffer.from(readFileSync(join(home, 'secrets/hsm-pin'), 'utf8').trim())
    const passwordOf = (role: string) =>
      Buffer.from(readFileSync(join(home, `secrets/postgres-${role}`), 'utf8').trim())
    const pidOf = (name: string) => appliance.processes().find((unit) => unit.name === name)?.pid ?? 0
    const edges = family().filter((pid) => parentOf(pid) === pidOf('edge'))
    expect(edges.length).toBeGreaterThan(0)
    const secrets = { pin, kek, recovery: secret }
    const passwords = { app: passwordOf('app'), work: passwordOf('work') }
    for (const [name, own] of Object.entries({ 'core-1': 'app', 'core-2': 'app', 'work-1': 'work' }))
      expect(foundIn(pidOf(name), { ...secrets, ...passwords }), name).toEqual([own]) // which it has to have
    for (const pid of [pidOf('edge'), ...edges]) expect(foundIn(pid, { ...secrets, ...passwords })).toEqual([])
    expect(foundIn(pidOf('keys'), secrets)).toContain('pin') // there it is, or the search would prove nothing
  } finally {
    await ops.close()
  }
})

/** Tries each piece of code in one process; answers what became of it: done, or the code of its error. */
function run(flags: string[], attempts: Record<string, string>): Record<string, string> {
  const tries = Object.entries(attempts).map(
    ([what, code]) =>
      `try { ${code}; said[${JSON.stringify(what)}] = 'done' } catch (error) { said[${JSON.stringify(what)}] = error.code }`,
  )
  const words = ['--disable-warning=ExperimentalWarning', ...flags, '-e']
  const script = `const said = {}; ${tries.join('\n')}\nconsole.log(JSON.stringify(said))`
  return JSON.parse(execFileSync(process.execPath, [...words, script], { encoding: 'utf8' })) as Record<string, string>
}

/** Every process of the appliance: what the supervisor started, and what these started. */
function family(): number[] {
  const started = appliance.processes().flatMap(({ pid }) => (pid === undefined ? [] : [pid]))
  const all = new Set([...started, ...processesOf(home)])
  const parents = readdirSync('/proc').map(Number).filter(Number.isInteger)
  for (const pid of parents) if (all.has(parentOf(pid))) all.add(pid)
  expect(all.size).toBeGreaterThan(started.length + 2) // PostgreSQL's own and the workers of the edge
  return [...all]
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch {
    return 0
  }
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? []
      } catch {
        return []
      }
    })
  } catch {
    return []
  }
}

/** Listening sockets of TCP, all of UDP, as the kernel lists them. */
function socketsIn(kind: string): Array<{ kind: string; address: string; port: number; inode: string }> {
  const rows = readFileSync(`/proc/net/${kind}`, 'utf8').trim().split('\n').slice(1)
  return rows.flatMap((row) => {
    const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/)
    const [address = '', port = ''] = local.split(':')
    return kind.startsWith('tcp') && state !== '0A' ? [] : [{ kind, address, port: Number.parseInt(port, 16), inode }]
  })
}
