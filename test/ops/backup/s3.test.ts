import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { viewHome } from '../../../ops/appliance/home.ts'
import { connect } from '../../../ops/appliance/postgres.ts'
import { type Appliance, startAppliance } from '../../../ops/appliance.ts'
import { until } from '../../support/client.ts'
import { newHome } from '../../support/home.ts'
import { openSwift, type Swift } from '../../support/swift.ts'
import { countroom, removeHome } from '../command.ts'

/** A casino that backs up into a folder and into a storage that speaks S3, which is away at times; the folder is lost in the end. */
const home = newHome('small')
const bare = newHome('small')
const places = mkdtempSync(join(tmpdir(), 'cr-places-'))
const near = join(places, 'near')
const carried = join(places, 'carried')
const said: string[] = []
let swift: Swift
let appliance: Appliance | undefined

beforeAll(async () => {
  chmodSync(places, 0o755)
  swift = await openSwift(places)
  const { bucket, endpoint, region, keyFile, secretFile, caFile } = swift
  const s3 = { bucket, endpoint, region, keyFile, secretFile, caFile, style: 'path', silenceSecondsMax: 2 }
  const backup = { repositories: [{ directory: near }, { s3 }], archiveSeconds: 5, drillDays: 0 }
  writeFileSync(join(home, 'countroom.json'), JSON.stringify({ edgeWorkers: 1, backup }))
  await swift.end()
  appliance = await startAppliance({ home, freePorts: true, say: (line) => void said.push(line) })
}, 600_000)
afterAll(async () => {
  await appliance?.stop()
  await swift?.end()
  for (const each of [home, bare]) removeHome(each)
  rmSync(places, { recursive: true, force: true })
})

type List = {
  backups: Array<{ label: string; type: string; repository: number }>
  archived: Array<{ repository: number; newest: string | null }>
  faults: Array<{ repository: number; why: string }>
}

test('while the storage is away the folder gets one backup, and the log', async () => {
  const list = await until(
    'a backup in the folder',
    async () => {
      const found = await held()
      return archivedIn(found, 1) && found.backups.length > 0 ? found : undefined
    },
    240,
  )
  expect(list.backups.map(({ type, repository }) => [type, repository])).toEqual([['full', 1]])
  expect(list.faults).toMatchObject([{ repository: 2, why: expect.stringMatching(/storage does not answer/) }])
  const complaints = await until('a word of it', async () => {
    const found = said.filter((line) => line.startsWith('Data could not be backed up'))
    return found.length > 0 ? found : undefined
  })
  await new Promise((resolve) => setTimeout(resolve, 15_000)) // it is tried again after ten seconds
  expect(said.filter((line) => line.startsWith('Data could not be backed up'))).toEqual(complaints)
  expect(complaints[0]).toMatch(
    /s3:\/\/casino\/countroom at localhost:\d+: The storage does not answer: .*ECONNREFUSED/,
  )
}, 600_000)

test('once it is there it gets all that it missed, without a word of the operator, and no full backup more goes into the folder', async () => {
  await swift.begin()
  const list = await until(
    'a backup in the storage',
    async () => {
      const found = await held()
      return found.backups.some(({ repository }) => repository === 2) ? found : undefined
    },
    240,
  )
  expect(list.backups.filter(({ type }) => type === 'full').map(({ repository }) => repository)).toEqual([1, 2])
  const name = await switched()
  await until(
    'the log in both',
    async () => {
      const found = await held()
      return [1, 2].every((each) => (archivedIn(found, each) ?? '') >= name) ? true : undefined
    },
    240,
  )
  expect((await countroom(home, ['backup', 'verify'])).out).toMatch(/^ok {2}\/.*\nok {2}s3:\/\/casino/)
}, 600_000)

test('nothing in the bucket can be read without the token', async () => {
  const objects = await swift.objects()
  const names = [...objects.keys()]
  for (const part of ['backup/countroom/backup.info', 'archive/countroom/archive.info'])
    expect(names).toContain(`countroom/${part}`)
  expect(names.filter((name) => /backup\.manifest$|\/bundle\/\d+$|\/[0-9A-F]{24}-/.test(name)).length).toBeGreaterThan(
    2,
  )
  const conf = readFileSync(join(home, 'run/backup/secret/repositories.conf'), 'utf8')
  const [, passphrase = ''] = /cipher-pass=(\S+)/.exec(conf) ?? []
  expect(passphrase.length).toBeGreaterThan(40)
  const ofSet = names.filter((name) => name.startsWith('countroom/recovery/'))
  expect(ofSet.map((name) => name.replace(/keys-.*/, 'keys-')).sort()).toEqual([
    'countroom/recovery/keys-',
    'countroom/recovery/recovery-set.json',
  ])
  const password = readFileSync(join(home, 'secrets/postgres-admin'), 'utf8').trim()
  for (const name of ofSet) expect(objects.get(name)!.includes(password), name).toBe(false) // sealed by themselves
  for (const [name, bytes] of [...objects].filter(([each]) => !ofSet.includes(each))) {
    expect(bytes.subarray(0, 8).toString('latin1'), name).toBe('Salted__')
    expect(bytes.includes(passphrase), name).toBe(false)
  }
}, 120_000)

test('a wrong secret, and a certificate of nobody, are told as what they are', async () => {
  const secret = readFileSync(swift.secretFile)
  const rendered = join(home, 'run/backup/secret/repositories.conf')
  const right = readFileSync(rendered, 'utf8')
  writeFileSync(rendered, right.replace(secret.toString().trim(), 'another'))
  const { code, out } = await countroom(home, ['backup', '--type', 'diff'])
  writeFileSync(rendered, right)
  expect(code, out).toBe(1)
  expect(out).toMatch(/s3:.*: The storage does not let us in: .*403/)
  expect(out).not.toMatch(/x-amz|authorization/i)

  const ca = readFileSync(swift.caFile)
  writeFileSync(swift.caFile, appliance!.card().ca)
  const foreign = await countroom(home, ['backup', '--type', 'diff'])
  writeFileSync(swift.caFile, ca)
  expect(foreign.code, foreign.out).toBe(1)
  expect(foreign.out).toMatch(/certificate that is not vouched for/)
  expect((await countroom(home, ['backup', '--type', 'diff'])).code).toBe(0)
}, 300_000)

test('a drill with the storage alone opens what lies there, as somebody on a bare machine would', async () => {
  const { code, out } = await countroom(home, ['drill', '--repository', '2', '--json'])
  expect(code, out).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ record: { ok: true, repository: expect.stringMatching(/^s3:/) } })
}, 600_000)

test('a backup of keys that is too old, or was removed for its keys, goes from the storage as well', async () => {
  const keys = () => readdirSync(join(home, 'backup/recovery')).filter((name) => name.startsWith('keys-'))
  const [oldest = ''] = keys().sort()
  const admin = connect(viewHome(home), 'admin')
  const path = join(home, 'backup/recovery', oldest)
  await admin`update keys.backups set at = at - interval '10 years' where path = ${path}`
  await admin.end({ timeout: 5 })
  expect((await countroom(home, ['backup', '--type', 'diff'])).code).toBe(0)
  const stored = [...(await swift.objects()).keys()].flatMap((name) => /recovery\/(keys-.*)/.exec(name)?.[1] ?? [])
  expect(keys()).not.toContain(oldest)
  expect(stored.sort()).toEqual(keys().sort())
}, 300_000)

test('machine and folder lost, the storage alone brings all of it back', async () => {
  const sql = connect(viewHome(home), 'app')
  const [row] = await sql<Array<{ count: number }>>`select count(*)::int as count from audit.events`
  await sql.end({ timeout: 5 })
  await appliance?.stop()
  appliance = undefined
  fetchByRunbook()
  renameSync(near, `${near}.lost`)
  const words = ['restore', '--home', bare, '--from', carried, '--repository', '2', '--keys-of', home]

  renameSync(swift.secretFile, `${swift.secretFile}.away`)
  const none = await countroom(home, words)
  expect(none.code, none.out).toBe(1)
  expect(none.out).toMatch(/secret has no key or secret of the storage in it[\s\S]*setting: "keyFile" and "secretFile"/)
  writeFileSync(swift.secretFile, 'another\n')
  const wrong = await countroom(home, words)
  expect(wrong.out).toMatch(/s3:.*holds no backup: The storage does not let us in/)
  renameSync(`${swift.secretFile}.away`, swift.secretFile)

  const { code, out } = await countroom(home, [...words, '--json'])
  expect(code, out).toBe(0)
  const { repository, checks } = JSON.parse(out) as { repository: string; checks: Array<{ name: string; ok: boolean }> }
  expect(repository).toMatch(/^s3:\/\/casino/)
  expect(checks.filter(({ ok }) => !ok)).toEqual([])
  expect(checks.length).toBeGreaterThan(3)
  expect(row!.count).toBeGreaterThan(0)
}, 600_000)

/** Types what `ops/runbooks/restore.md` says of a bucket, with what the settings say. */
function fetchByRunbook(): void {
  const page = readFileSync(join(import.meta.dirname, '../../../ops/runbooks/restore.md'), 'utf8')
  const [, block = ''] = /^ {4}export PGBACKREST[\s\S]*?\n\n/m.exec(page)?.[0].match(/^([\s\S]*)\n\n$/) ?? []
  expect(block).toContain('repo-get')
  const values: Record<string, string> = {
    bucket: swift.bucket,
    endpoint: swift.endpoint,
    region: swift.region,
    path: '/countroom',
    style: 'path',
    keyFile: swift.keyFile,
    secretFile: swift.secretFile,
    caFile: swift.caFile,
    folder: carried,
  }
  const typed = block.replaceAll(/<(\w+)>/g, (_, name: string) => values[name] ?? `<${name}>`)
  execFileSync('/bin/sh', ['-ec', typed], { env: { PATH: '/usr/bin:/bin' } })
}

async function held(): Promise<List> {
  const { out } = await countroom(home, ['backup', 'list', '--json'])
  try {
    return JSON.parse(out) as List
  } catch {
    return { backups: [], archived: [], faults: [] } // not ready yet
  }
}

function archivedIn({ archived }: List, repository: number): string | null | undefined {
  return archived.findLast((each) => each.repository === repository)?.newest
}

/** Ends a segment of the log, with something in it, and answers its name. */
async function switched(): Promise<string> {
  const sql = connect(viewHome(home), 'admin')
  const [row] = await sql<Array<{ name: string }>>`
    with said as (select pg_logical_emit_message(true, 'test', 'something'))
    select pg_walfile_name(pg_switch_wal()) as name from said`
  await sql.end({ timeout: 5 })
  return row!.name
}
