import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { viewHome } from '../../../ops/appliance/home.ts'
import { readSettings } from '../../../ops/appliance/settings.ts'
import { readyRepositories } from '../../../ops/backup/backup.ts'
import { writeConfiguration, writeSecrets } from '../../../ops/backup/configuration.ts'
import { pgbackrestBinary } from '../../../ops/backup/place.ts'
import { parseTarget, targetWords } from '../../../ops/backup/target.ts'

/** Places that repositories can be in, as pgBackRest is told of them; those of this machine are tried in earnest elsewhere. */
const home = viewHome(mkdtempSync(join(tmpdir(), 'cr-places-')))
for (const folder of ['run/backup/secret', 'secrets']) mkdirSync(home.path(folder), { recursive: true })
for (const [file, text] of [
  ['secrets/postgres-admin', 'admin'],
  ['key', 'AKIA'],
  ['secret', 's3cr3t'],
] as const)
  writeFileSync(home.path(file), `${text}\n`)
afterAll(() => rmSync(home.dir, { recursive: true, force: true }))

const s3 = {
  bucket: 'casino',
  endpoint: 's3.example',
  region: 'eu-1',
  keyFile: home.path('key'),
  secretFile: home.path('secret'),
}
const sftp = { host: 'h.example', user: 'backup', path: '/b', privateKeyFile: '/k', hostFingerprint: 'a'.repeat(64) }

test('pgBackRest itself takes what is rendered for folders and S3, and secrets stand in a file for its user alone', () => {
  const { repositories, ...options } = settingsWith([{ directory: '/srv/b' }, { s3 }])
  writeConfiguration(home, {}, repositories!, options)
  writeSecrets(home, {}, repositories!, 'the passphrase')
  const rendered = readFileSync(home.path('run/backup/pgbackrest.conf'), 'utf8')
  for (const secret of ['AKIA', 's3cr3t', 'the passphrase']) expect(rendered).not.toContain(secret)
  expect(statSync(home.path('run/backup/secret/repositories.conf')).mode & 0o777).toBe(0o600)
  const words = ['run/backup/pgbackrest.conf', 'run/backup/secret'].map((path) => home.path(path))
  const asked = [
    `--config=${words[0]}`,
    `--config-include-path=${words[1]}`,
    '--stanza=countroom',
    '--repo=1',
    'repo-ls',
  ]
  const { stdout } = spawnSync(pgbackrestBinary, asked, { encoding: 'utf8' })
  expect(stdout).not.toMatch(/invalid|requires|not valid/) // what it says of options that it does not know, or misses
  expect(rendered).toMatch(
    /^repo2-type=s3\nrepo2-path=\/countroom\nrepo2-s3-bucket=casino\nrepo2-s3-endpoint=s3.example/m,
  )
  expect(rendered.match(/cipher-type=aes-256-cbc/g)).toHaveLength(2)
})

test('SFTP is rendered, and refused by a pgBackRest that does not know it, by name', async () => {
  const { repositories, ...options } = settingsWith([{ sftp }])
  writeConfiguration(home, {}, repositories!, options)
  const rendered = readFileSync(home.path('run/backup/pgbackrest.conf'), 'utf8')
  expect(rendered).toMatch(/^repo1-type=sftp\nrepo1-path=\/b\nrepo1-sftp-host=h.example\nrepo1-sftp-host-port=22/m)
  const [, minor] = /2\.(\d+)/.exec(execFileSync(pgbackrestBinary, ['version'], { encoding: 'utf8' })) ?? []
  if (Number(minor) < 46)
    await expect(readyRepositories({ home, settings: readSettings(home), users: {} })).rejects.toThrow(
      /2\.45 knows no .* SFTP/,
    )
})

test('moments to restore to: all, an instant of the past, a transaction; anything else is refused with an example', () => {
  expect(targetWords(parseTarget('now'))).toEqual(['--type=default'])
  expect(targetWords(parseTarget('2026-11-25T03:00:00Z'))).toContain('--target=2026-11-25 03:00:00.000+00')
  expect(targetWords(parseTarget('48151623'))).toEqual(['--type=xid', '--target=48151623', '--target-action=promote'])
  for (const text of ['', 'yesterday', '2999-01-01T00:00:00Z', '-1', "1'; drop"])
    expect(() => parseTarget(text)).toThrow(/is nothing to restore to/)
})

function settingsWith(repositories: object[]) {
  home.write('countroom.json', JSON.stringify({ backup: { repositories } }))
  return readSettings(home).backup!
}
