import {
  chmodSync,
  existsSync,
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
import { type Appliance, startAppliance } from '../../../ops/appliance.ts'
import { arrive, type Client, depositByCard, must, openClient, signInAnew, until } from '../../support/client.ts'
import { newHome } from '../../support/home.ts'
import { countroom, launch, moment, removeHome } from '../command.ts'

/** A casino that is backed up into two places, lost, and brought back on bare folders, by the operator's command alone. */
const home = newHome('small')
const [bare, earlier, other] = [newHome('usual'), newHome('usual'), newHome('usual')]
const places = mkdtempSync(join(tmpdir(), 'cr-places-'))
const [near, far] = [join(places, 'near'), join(places, 'far')]
let appliance: Appliance | undefined
let player: Client
let who: { email: string; password: string }
let between: Date

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
  for (const each of [home, bare, earlier, other]) removeHome(each)
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

test('without a token nothing is restored, and nothing is made', async () => {
  between = new Date()
  await depositByCard(player, '7.00')
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

test('the restored casino opens with all its money, and is backed up on', async () => {
  appliance = await startAppliance({ home: bare, freePorts: true, approveProgram: true })
  player = openClient(appliance.urls.lobby, { ca: appliance.card().ca })
  await signInAnew(player, appliance.urls, who)
  const { body } = await must(player.ask<{ cash: unknown }>('GET', '/api/balance'), 200)
  expect(body.cash).toEqual({ amount: '57.00', currency: 'EUR' })
  expect((await countroom(bare, ['verify', 'ledger'])).code).toBe(0)
  expect((await countroom(bare, ['backup'])).code).toBe(0)
}, 120_000)

async function held(): Promise<Array<{ type: string; repository: number }>> {
  const { code, out } = await countroom(home, ['backup', 'list', '--json'])
  return code === 0 ? (JSON.parse(out) as { backups: Array<{ type: string; repository: number }> }).backups : []
}

function filesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}
