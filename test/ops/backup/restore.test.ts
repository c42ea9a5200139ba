import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemCommand } from '#base'
import { connectKeys } from '#keys'
import { viewHome } from '../../../ops/appliance/home.ts'
import { connect } from '../../../ops/appliance/postgres.ts'
import { presentOps } from '../../../ops/appliance/sockets.ts'
import { type Appliance, startAppliance } from '../../../ops/appliance.ts'
import { arrive, type Client, depositByCard, must, openClient, signInAnew, until } from '../../support/client.ts'
import { newHome } from '../../support/home.ts'
import { employ } from '../../support/staff.ts'
import { countroom, launch, moment, removeHome } from '../command.ts'

/** A casino that is backed up into two places, lost, and brought back on bare folders, by the operator's command alone. */
const home = newHome('small')
const [bare, earlier, exact, other] = [newHome('usual'), newHome('usual'), newHome('usual'), newHome('usual')]
const places = mkdtempSync(join(tmpdir(), 'cr-places-'))
const [near, far, shares] = [join(places, 'near'), join(places, 'far'), join(places, 'shares')]
const staff = ['ann', 'ben'].map((login) => ({ login, password: 'a long enough password' }))
let appliance: Appliance | undefined
let player: Client
let who: { email: string; password: string }
let between: Date
/** Of the deposit after that moment: its transaction, when it was surely done, and a backup of before it. */
let deposited: { xid: string; before: Date; since: string }

beforeAll(async () => {
  chmodSync(places, 0o755)
  const backup = { repositories: [{ directory: near }, { directory: far }], archiveSeconds: 5, drillDays: 0 }
  writeFileSync(join(home, 'countroom.json'), JSON.stringify({ edgeWorkers: 1, backup }))
  appliance = await startAppliance({ home, freePorts: true })
  player = openClient(appliance.urls.lobby, { ca: appliance.card().ca })
  who = await arrive(player, appliance.urls)
  await depositByCard(player, '50.00')
  await until('the first backup in both places', async () => ((await held()).length >= 2 ? true : undefined), 60)
}, 180_000)
afterAll(async () => {
  await player?.close()
  await appliance?.stop()
  for (const each of [home, bare, earlier, exact, other]) removeHome(each)
  rmSync(places, { recursive: true, force: true })
})

test('it backs up by itself into every place, and nothing of it can be read without the token', async () => {
  expect((await held()).map(({ type, repository }) => [type, repository])).toEqual([
    ['full', 1],
    ['full', 2],
  ])
  const secret = join(home, 'run/backup/secret/repositories.conf')
  expect(statSync(secret).mode & 0o777).toBe(0o600)
  const [, passphrase = ''] = /cipher-pass=(\S+)/.exec(readFileSync(secret, 'utf8')) ?? []
  expect(passphrase.length).toBeGreaterThan(40)
  const files = [
    near,
    far,
    join(home, 'backup'),
    join(home, 'pg/postgresql.conf'),
    join(home, 'run/backup/pgbackrest.conf'),
  ]
  for (const file of files.flatMap(filesIn)) {
    const text = readFileSync(file, 'latin1')
    for (const clear of [passphrase, who.email, readFileSync(join(home, 'secrets/postgres-admin'), 'utf8').trim()])
      expect(text.includes(clear), file).toBe(false)
    if (/\/(backup|archive)\//.test(file) && file.startsWith(places)) expect(text.slice(0, 8), file).toBe('Salted__')
  }
})

test('two backups at once: one is made, the other is told who is at work', async () => {
  const both = await Promise.all([countroom(home, ['backup']), countroom(home, ['backup', '--type', 'diff'])])
  expect(both.map(({ code }) => code).sort(), both.map(({ out }) => out).join()).toEqual([0, 1])
  expect(both.find(({ code }) => code === 1)!.out).toMatch(/A backup is under way \(process \d+\)[\s\S]*try: /)
})

test('a drill proves the newest backup beside production, and its evidence is the casino’s', async () => {
  const { code, out } = await countroom(home, ['drill', '--json'])
  expect(code, out).toBe(0)
  const { record, file } = JSON.parse(out) as {
    file: string
    record: { rtoSeconds: number; rpoSeconds: number; checks: Array<{ name: string; ok: boolean }> }
  }
  for (const part of ['ledger: ', 'audit: ', 'keys: the token opens']) {
    const mine = record.checks.filter(({ name }) => name.startsWith(part))
    expect(mine.length, part).toBeGreaterThan(0)
    expect(mine.filter(({ ok }) => !ok)).toEqual([])
  }
  expect(record.checks.find(({ name }) => name.startsWith('keys: the token opens'))!.name).toMatch(/\([1-9]\d* tried/)
  expect(record.rpoSeconds).toBeLessThan(60)
  expect(existsSync(join(home, 'drill'))).toBe(false)
  const metric = (text: string, name: string) =>
    Number(new RegExp(`^countroom_${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 0)
  await until(
    'the worker to tell',
    async () => {
      const text = await (await fetch(`http://127.0.0.1:${appliance?.card().ports.workMetrics}/metrics`)).text()
      const fresh = ['backup', 'drill', 'wal_archive'].map(
        (name) => Date.now() / 1000 - metric(text, `${name}_timestamp_seconds`),
      )
      return fresh.every((age) => age < 120) && metric(text, 'backup_bytes') > 1e6 ? true : undefined
    },
    70,
  )
  expect((await countroom(home, ['drill', 'verify', file])).out).toMatch(/^Signed by sk-manifest-1/)
  const evidence = JSON.parse(readFileSync(file, 'utf8')) as { record: string }
  const forged = join(places, 'forged.json')
  writeFileSync(
    forged,
    JSON.stringify({ ...evidence, record: evidence.record.replace(/"rtoSeconds":[\d.]+/, '"rtoSeconds":0.1') }),
  )
  expect(await countroom(home, ['drill', 'verify', forged])).toMatchObject({
    code: 1,
    out: expect.stringMatching(/NOT signed/),
  })
}, 120_000)

test('a flipped byte in one place is found and named; a place that is gone leaves the other whole', async () => {
  expect((await countroom(home, ['backup', 'verify'])).code).toBe(0)
  const file = filesIn(join(far, 'backup'))
    .filter((each) => /\/bundle\/\d+$|\.zst$/.test(each))
    .sort((a, b) => statSync(b).size - statSync(a).size)[0]!
  const bytes = readFileSync(file)
  const flipped = Buffer.from(bytes)
  flipped[flipped.length >> 1]! ^= 1
  writeFileSync(file, flipped)
  const found = await countroom(home, ['backup', 'verify'])
  writeFileSync(file, bytes)
  expect(found.code, found.out).toBe(1)
  expect(found.out).toContain(`${far} is damaged`)
  expect((await countroom(home, ['backup', 'verify'])).code).toBe(0)

  renameSync(far, `${far}.away`)
  const away = await countroom(home, ['backup', '--type', 'diff'])
  rmSync(far, { recursive: true, force: true })
  renameSync(`${far}.away`, far)
  expect(away.code, away.out).toBe(1)
  expect(away.out).toMatch(new RegExp(`${far}: [\\s\\S]*setting: [\\s\\S]*try: `))
  expect((await held()).filter(({ type }) => type === 'diff').map(({ repository }) => repository)).toContain(1)
}, 120_000)

test('custodians get shares of keys that backups carry; the repositories’ own key goes along with the rotation', async () => {
  between = new Date()
  await depositByCard(player, '7.00')
  const sql = connect(viewHome(home), 'app')
  const [last] = await sql<Array<{ xid: string }>>`
    select xmin::text as xid from ledger.transfers order by transfer desc limit 1`
  deposited = { xid: last!.xid, before: new Date(), since: (await held())[0]!.label }
  const core = connectKeys(presentOps(viewHome(home)))
  for (const { login, password } of staff)
    await sql.begin((tx) =>
      employ(tx, { ...systemCommand('test'), keys: core }, { role: 'administrator', login, password }),
    )
  await core.close()
  await sql.end()
  const words = ['keys', 'ceremony', '--custodians', 'Ada,Grace,Edsger', '--threshold', '2', '--out', shares, '--json']
  const { code, out } = await countroom(home, words, { input: JSON.stringify(staff) })
  expect(code, out).toBe(0)
  await must(player.ask('POST', '/api/sessions', who), 201) // what was hashed under the old pepper is hashed anew
  expect((await countroom(home, ['backup'])).code).toBe(0)
  for (const place of [near, far])
    expect(JSON.parse(readFileSync(join(place, 'recovery/recovery-set.json'), 'utf8'))).toMatchObject({
      key: { kek: 'kek-backup-2' },
    })
}, 120_000)

test('without a token nothing is restored, and nothing is made', async () => {
  await player.close()
  await appliance?.stop()
  appliance = undefined
  expect(existsSync(join(home, 'run/backup/secret/repositories.conf'))).toBe(false)
  const { code, out } = await countroom(home, ['restore', '--home', bare, '--from', near])
  expect(code).toBe(1)
  expect(out).toMatch(/There are no keys in .*try: .*keys restore .*--keys-of/s)
  expect(readdirSync(bare)).toEqual([])
}, 60_000)

test('a restore that is killed is refused by a start, and the same again goes through', async () => {
  const words = ['restore', '--home', bare, '--from', far, '--keys-of', home]
  const begun = launch(home, words)
  await moment('its mark', () => existsSync(join(bare, 'restore-unproven.json')) && existsSync(join(bare, 'pg')))
  begun.child.kill('SIGKILL')
  await begun.ended
  await expect(startAppliance({ home: bare, freePorts: true })).rejects.toThrow(/come from a restore .* not finished/)
  const { code, out } = await countroom(home, [...words, '--json'])
  expect(code, out).toBe(0)
  const { loss } = JSON.parse(out) as { loss: object }
  expect(loss).toMatchObject({ missing: 0, frozen: false })
  const again = await countroom(home, words)
  expect(again.code).toBe(1)
  expect(again.out).toMatch(/is in use: .*never overwrites/)
}, 120_000)

test.runIf(process.getuid?.() === 0)('a disk that is too small is told before anything lies on it', async () => {
  const small = join(places, 'small')
  mkdirSync(small)
  const mounted = ['/usr/bin/unshare', '--mount', '/bin/sh', '-c']
  const mount = `mount -t tmpfs -o size=80M,mode=755 tmpfs ${small} && "$@"; code=$?; ls ${small}/pg; exit $code`
  const words = ['restore', '--home', small, '--from', near, '--keys-of', home]
  const { code, out } = await countroom(home, words, { within: [...mounted, mount, 'sh'] })
  expect(code).toBe(1)
  expect(out).toMatch(/The disk is too small: .* MiB free/)
  expect(out).toMatch(/cannot access .*pg/)
})

test('to an earlier moment: what was answered later is gone, money is frozen, and the evidence says why', async () => {
  const { code, out } = await countroom(home, [
    ...['restore', '--home', earlier, '--from', near, '--keys-of', home, '--to', between.toISOString(), '--json'],
  ])
  expect(code, out).toBe(0)
  const { loss, reached } = JSON.parse(out) as {
    loss: { frozen: boolean; missing: number }
    reached: { commit: string }
  }
  expect(loss.frozen).toBe(true)
  expect(loss.missing).toBeGreaterThan(0)
  expect(new Date(reached.commit).getTime()).toBeLessThanOrEqual(between.getTime())
}, 120_000)

test('to a transaction: it is in the books, what came after it is not', async () => {
  const { code, out } = await countroom(home, [
    ...[
      'restore',
      '--home',
      exact,
      '--from',
      near,
      '--keys-of',
      home,
      '--to',
      deposited.xid,
      '--set',
      deposited.since,
      '--json',
    ],
  ])
  expect(code, out).toBe(0)
  const { loss, reached } = JSON.parse(out) as {
    loss: { frozen: boolean; missing: number }
    reached: { commit: string }
  }
  expect(loss).toMatchObject({ frozen: true, missing: 0 }) // all of the money, and not all of the rest
  const commit = new Date(reached.commit)
  expect(commit > between && commit < deposited.before).toBe(true)
}, 120_000)

test('on another machine the custodians bring the keys: fewer than a quorum open nothing, a quorum all of it', async () => {
  const [newest = ''] = readdirSync(join(near, 'recovery'))
    .filter((name) => name.startsWith('keys-'))
    .sort()
    .reverse()
  const file = join(near, 'recovery', newest)
  const [ada, grace] = readdirSync(shares).map((name) => join(shares, name))
  const bring = (...words: string[]) => countroom(other, ['keys', 'restore', file, ...words])
  const alone = await bring('--shares', ada!)
  expect(alone.code, alone.out).toBe(1)
  expect((await countroom(other, ['restore', '--home', other, '--from', near])).out).toMatch(/There are no keys/)
  const quorum = await bring('--shares', `${ada},${grace}`)
  const [, born] = /: ((?:[a-z-]+-\d+(?:, )?)+)/.exec(quorum.out) ?? []
  const brought =
    born && quorum.code === 1
      ? await bring('--shares', `${ada},${grace}`, '--without', born.replaceAll(' ', ''))
      : quorum
  expect(brought.code, brought.out).toBe(0)
  const { code, out } = await countroom(other, ['restore', '--home', other, '--from', near])
  expect(code, out).toBe(0)
  expect(out).toMatch(/Money is frozen: nobody knows/)
}, 120_000)

test('the restored casino opens with all its money once somebody answers for it, and is backed up on', async () => {
  appliance = await startAppliance({ home: other, freePorts: true, approveProgram: true })
  expect((await countroom(other, ['ledger', 'freezes'])).out).toMatch(/found by countroom restore: .*stands/s)
  expect((await countroom(other, ['ledger', 'lift', '--yes', '--reason', 'nothing is missing'])).code).toBe(0)
  await new Promise((resolve) => setTimeout(resolve, 1000)) // cores look four times a second
  player = openClient(appliance.urls.lobby, { ca: appliance.card().ca })
  await signInAnew(player, appliance.urls, who)
  const { body } = await must(player.ask<{ cash: unknown }>('GET', '/api/balance'), 200)
  expect(body.cash).toEqual({ amount: '57.00', currency: 'EUR' })
  await depositByCard(player, '5.00')
  expect((await countroom(other, ['verify'])).out).not.toMatch(/FAILED/)
  expect((await countroom(other, ['backup'])).code).toBe(0)
}, 120_000)

async function held(): Promise<Array<{ label: string; type: string; repository: number }>> {
  const { code, out } = await countroom(home, ['backup', 'list', '--json'])
  return code === 0
    ? (JSON.parse(out) as { backups: Array<{ label: string; type: string; repository: number }> }).backups
    : []
}

function filesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}
