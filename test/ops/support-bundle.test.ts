import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { redact } from '../../ops/support/redaction.ts'
import { newHome } from '../support/home.ts'
import { countroom } from './command.ts'

/** What leaves the house for help: everything that explains, nothing that is secret, nobody's data. The home is one where nothing runs. */
const home = newHome()
const out = mkdtempSync(join(tmpdir(), 'cr-bundles-'))
afterAll(() => {
  for (const dir of [home, out]) rmSync(dir, { recursive: true, force: true })
})

const pem = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const [ours, foreign] = [pem(), pem()]
const password = 'Kq7"vZ%m2+Lw9/x'
const pin = '804512'
const planted = {
  password,
  asJson: JSON.stringify(password).slice(1, -1),
  inUrl: encodeURIComponent(password),
  inBase64: Buffer.from(password).toString('base64'),
  pin,
  carrier: 'carrier-of-the-settings-71',
  collector: 'collectors-own-5',
  tenant: 'tenant of ours 33',
  keyLine: ours.split('\n')[1]!,
  foreignKey: foreign.split('\n')[1]!,
  urlPassword: 'hunter2hunter2',
  cookie: 's3ssionOfSomebody',
  bearer: 'mF_9.B5f-4.1JqM',
  jwt: 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJwbHlfMSJ9.c2lnbmF0dXJl',
  opaque: 'kM3vQ9wZx7LtR2pYc8NfH5sBj4GdA6uEoIrTqWnVbXy',
  mail: 'ada.lovelace+casino@post.example',
  card: '4242 4242 4242 4242',
  bareCard: '5555555555554444',
  telephone: '+356 2123 1001',
  telephoneBy00: '0035621231001',
  network: '203.0.113.77',
  network6: '2001:db8:0:1::77',
  row: 'Byron Street 12',
}
const harmless = {
  level: '"level":50',
  instant: '2026-11-28T06:00:00.000Z',
  loopback: '127.0.0.1:9101',
  digest: 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9',
  id: 'rnd_019357a2-7c1d-7e55-9a44-3d1f0b2c4e5f',
  version: 'hono@4.6.12',
  noCard: '4242424242424243',
  statement: 'duplicate key value violates unique constraint',
}

for (const folder of ['secrets', 'tls', 'log', 'run/credentials/core'])
  mkdirSync(join(home, folder), { recursive: true })
writeFileSync(join(home, 'carrier'), `${planted.carrier}\n`)
writeFileSync(join(home, 'otlp'), `authorization: Bearer ${planted.collector}\nx-tenant: ${planted.tenant}\n`, {
  mode: 0o600,
})
writeFileSync(join(home, 'secrets/postgres-work'), `${password}\n`)
writeFileSync(join(home, 'run/credentials/core/hsm-pin'), `${pin}\n`)
writeFileSync(join(home, 'tls/core-1.key'), ours)
writeFileSync(
  join(home, 'countroom.json'),
  JSON.stringify({
    edgeWorkers: 1,
    telemetry: { otlp: { endpoint: 'https://collector.example', headersFile: join(home, 'otlp') } },
    mailFrom: planted.mail,
    smsCarrier: {
      url: `https://us:${planted.urlPassword}@sms.example/`,
      secretFile: join(home, 'carrier'),
      sender: '+35621231001',
    },
  }),
)
writeFileSync(join(home, 'run/redis.conf'), `bind 127.0.0.1\nrequirepass ${password}\n`)
writeFileSync(join(home, 'run/core-1.json'), JSON.stringify({ name: 'core-1', listen: { player: harmless.loopback } }))
writeFileSync(
  join(home, 'run/appliance.json'),
  JSON.stringify({ urls: { enrolment: 'https://localhost/enrol#one-time' } }),
)
writeFileSync(
  join(home, 'log/core-1.log'),
  `${[
    'the line before the last ones',
    `{${harmless.level},"time":"${harmless.instant}","msg":"${planted.password} ${planted.inUrl} ${planted.inBase64} ${planted.pin}"}`,
    JSON.stringify({
      msg: password,
      headers: { cookie: `__Host-session=${planted.cookie}`, authorization: `Bearer ${planted.bearer}` },
    }),
    `Cookie: session=${planted.cookie}; theme=dark`,
    `{"jwt":"${planted.jwt}","session":"${planted.opaque}","carrier":"${planted.carrier}"}`,
    `the collector said no to ${planted.collector}, ${planted.tenant}`,
    JSON.stringify({ key: ours, of: harmless.id }),
    foreign,
    `${planted.mail} paid by ${planted.card} or ${planted.bareCard}, not ${harmless.noCard}, rings ${planted.telephone}, ${planted.telephoneBy00}`,
    `from ${planted.network} and ${planted.network6} to ${harmless.loopback}; ${harmless.digest} ${harmless.version}`,
  ].join('\n')}\n`,
)
writeFileSync(
  join(home, 'log/postgres.log'),
  `ERROR:  ${harmless.statement}\nDETAIL:  Key (street)=(${planted.row}) already exists.\nSTATEMENT:  insert into people\n\tvalues ('${planted.row}')\nLOG:  checkpoint starting\n`,
)

function unpacked(file: string): Record<string, string> {
  const to = mkdtempSync(join(out, 'un-'))
  execFileSync('tar', ['-xzf', file, '-C', to])
  const names = readdirSync(to, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(to, name)).isFile(),
  )
  return Object.fromEntries(names.map((name) => [name.replace(/^[^/]+\//, ''), readFileSync(join(to, name), 'utf8')]))
}

test('a bundle of a home where nothing runs has what explains, and none of what was planted, which it counts', async () => {
  const file = join(out, 'help.tar.gz')
  const { code, out: said } = await countroom(home, ['support-bundle', file, '--json'])
  expect(code, said).toBe(0)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const parts = unpacked(file)
  expect(Object.keys(parts)).toEqual(
    expect.arrayContaining([
      ...['versions.txt', 'machine.txt', 'status.json', 'doctor.json', 'schema.txt', 'settings.json', 'scan.json'],
      ...['configurations/run/redis.conf', 'configurations/run/core-1.json', 'log/core-1.log', 'log/postgres.log'],
    ]),
  )
  const all = Object.values(parts).join('\n')
  for (const [name, value] of Object.entries(planted)) expect(all, name).not.toContain(value)
  for (const [name, value] of Object.entries(harmless)) expect(all, name).toContain(value)
  expect(all).not.toContain('one-time')
  expect(JSON.parse(parts['status.json']!)).toEqual({ running: false })
  expect(JSON.parse(parts['doctor.json']!)).toHaveProperty('findings')
  expect(JSON.parse(parts['settings.json']!)).toMatchObject({
    edgeWorkers: 1,
    smsCarrier: { secretFile: join(home, 'carrier') },
  })
  expect(parts['versions.txt']).toContain(process.version)
  expect(parts['machine.txt']).toMatch(/^disk .* MiB free/m)

  const bundle = JSON.parse(said) as { removed: Record<string, number>; parts: string[] }
  expect(bundle.parts.sort()).toEqual(Object.keys(parts).sort())
  expect(JSON.parse(parts['scan.json']!)).toMatchObject({ removed: bundle.removed })
  expect(Object.keys(bundle.removed).sort()).toEqual(
    [
      'address',
      'card',
      'cookie',
      'e-mail',
      'password',
      'private key',
      'secret',
      'statement',
      'telephone',
      'token',
    ].sort(),
  )
  expect(bundle.removed).toMatchObject({ card: 2, statement: 2 })
})

test('logs are cut to their last lines, and a file that is there stays', async () => {
  const file = join(out, 'short.tgz')
  const { out: said } = await countroom(home, ['support-bundle', file, '-n', '1'])
  expect(said).toContain('Taken out: ')
  expect(unpacked(file)['log/core-1.log']).not.toContain('the line before')
  writeFileSync(join(out, 'mine'), 'mine')
  expect(await countroom(home, ['support-bundle', join(out, 'mine')])).toMatchObject({ code: 1 })
  expect(readFileSync(join(out, 'mine'), 'utf8')).toBe('mine')
})

test('nothing is written while a secret would still be told', async () => {
  const file = join(out, 'never.tar.gz')
  writeFileSync(join(home, 'secrets/redis'), 'removed') // what stands where something was taken out
  const { code, out: said } = await countroom(home, ['support-bundle', file])
  rmSync(join(home, 'secrets/redis'))
  expect([code, said]).toEqual([1, expect.stringContaining('Nothing was written')])
  expect(existsSync(file)).toBe(false)
  expect(readdirSync(out).filter((name) => name.startsWith('.support'))).toEqual([])
})

test('what is no secret is left, and what goes on over lines is not', () => {
  const clean = `spinning: 3, mapping: x, "tokens": 4, port 5432, 12:00:00+00:00, 1.2.3, ${harmless.digest}`
  expect(redact(clean, [])).toEqual({ text: clean, found: {} })
  expect(redact(`-----BEGIN RSA PRIVATE KEY-----\nMIIE`, [])).toEqual({
    text: '[private key removed]',
    found: { 'private key': 1 },
  })
})
