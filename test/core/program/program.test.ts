import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import * as audit from '#audit'
import { systemCommand, type Tx } from '#base'
import * as ledger from '#ledger'
import * as program from '#program'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'

/** A program of a few files, approved; then one byte of it after the other is another. */
let db: TestDatabase
let agent: TestKeys
let dir: string
let place: program.Place

const shipped = {
  'core/host/serve.ts': 'serve()\n',
  'edge/serve.ts': 'guard()\n',
  'ops/countroom.ts': 'run()\n',
  'provisioning/site.yml': 'all\n',
  'package.json': '{}\n',
  'package-lock.json': JSON.stringify({
    packages: {
      '': {},
      'node_modules/runs': {},
      'node_modules/@some/runs': {},
      'node_modules/develops': { dev: true },
    },
  }),
  'node_modules/runs/index.js': 'work()\n',
  'node_modules/runs/build/Release/addon.node': '\x7fELF',
  'node_modules/@some/runs/index.js': 'work()\n',
  'node_modules/develops/index.js': 'test()\n',
  'node_modules/.cache/any': 'cached\n',
  'run/core-1.json': '{"name": "core-1"}\n',
}

beforeAll(async () => {
  ;[db, agent] = await Promise.all([openTestDatabase(), startTestKeys()])
})
afterAll(() => Promise.all([db.stop(), agent.stop()]))
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cr-program-'))
  place = { node: 'node-1', repository: dir, manifest: join(dir, 'manifest') }
  for (const [path, text] of Object.entries(shipped)) write(path, text)
  await approve()
})
afterEach(() => rmSync(dir, { recursive: true }))

test('[GLI-2.3.2a] [CR-19] what was approved is found as it was approved: SHA-256 of each file, configuration and database element', async () => {
  const inspection = await inspect()
  expect(inspection).toMatchObject({ ok: true, differences: [] })
  expect(inspection.actual).toBe(inspection.expected)
  const list = listed()
  for (const path of ['core/host/serve.ts', 'node_modules/runs/build/Release/addon.node', 'run/core-1.json'])
    expect(list.get(join(dir, path))).toBe(sha256sum(path))
  for (const element of ['function/ledger.post', 'table/audit.events', 'table/program.verdicts'])
    expect([...list.keys()]).toContain(join(dir, 'manifest/sql', `${element}.sql`))
  expect(list.has(join(dir, 'node_modules/develops/index.js'))).toBe(false)
  expect([...list.values()].every((sum) => /^[0-9a-f]{64}$/.test(sum))).toBe(true)
})

test.each([
  ['a source', 'core/host/serve.ts'],
  ['the edge', 'edge/serve.ts'],
  ['operations', 'ops/countroom.ts'],
  ['provisioning', 'provisioning/site.yml'],
  ['the lockfile', 'package-lock.json'],
  ['a library', 'node_modules/runs/index.js'],
  ['a library of a scope', 'node_modules/@some/runs/index.js'],
  ['the add-on', 'node_modules/runs/build/Release/addon.node'],
  ['a configuration', 'run/core-1.json'],
  ['the exported text of a function', 'manifest/sql/function/ledger.post.sql'],
])('[GLI-2.3.2b] one byte more in %s is found and named; restored, all is well', async (_what, path) => {
  const before = readFileSync(join(dir, path))
  appendFileSync(join(dir, path), ' ')
  const { ok, expected, actual, differences } = await inspect()
  expect(ok).toBe(false)
  expect(actual).not.toBe(expected)
  expect(differences).toEqual([
    { path: join(dir, path), expected: listed().get(join(dir, path)), actual: sha256sum(path) },
  ])
  expect(check().out).toContain(`${join(dir, path)}: FAILED`)
  writeFileSync(join(dir, path), before)
  expect((await inspect()).ok).toBe(true)
})

test.each([
  [
    'function',
    `create or replace function program.probe() returns int language sql as 'select 2'`,
    'function/program.probe',
  ],
  ['view', 'create or replace view program.seen as select 2 as one', 'view/program.seen'],
  ['trigger', 'alter table program.watched disable trigger look', 'trigger/program.watched.look'],
  ['right', 'grant delete on audit.events to countroom_app', 'table/audit.events'],
  ['default', `alter table program.watched alter column a set default 7`, 'table/program.watched'],
  ['setting', `alter role countroom_app set search_path = 'evil'`, 'setting/countroom_app'],
  ['added function', `create function base.helper() returns int language sql as 'select 1'`, 'function/base.helper'],
])('[GLI-2.3.2b] a %s of the database that is another is found and named', async (_kind, statement, element) => {
  await db.admin.unsafe(`
    create or replace function program.probe() returns int language sql as 'select 1';
    create or replace view program.seen as select 1 as one;
    create table if not exists program.watched (a int default 1);
    create or replace function program.look() returns trigger language plpgsql as 'begin return new; end';
    create or replace trigger look before insert on program.watched for each row execute function program.look();`)
  await approve()
  expect((await inspect()).ok).toBe(true)
  await db.admin.unsafe(statement)
  const { differences } = await inspect()
  expect(differences.map(({ path }) => path)).toEqual([`database: ${element}`])
  await db.admin.unsafe(`
    drop function if exists base.helper(); drop table program.watched; drop function program.probe, program.look; drop view program.seen;
    revoke delete on audit.events from countroom_app; alter role countroom_app reset search_path`)
})

test.each([
  ['who is superuser', 'alter role countroom_app superuser', 'role/countroom_app'],
  ['a role that was added', 'create role stranger superuser login', 'role/stranger'],
  ['what a role may through another', 'grant pg_write_all_data to countroom_app', 'role/countroom_app'],
  ['the right to make things in a schema', 'grant create on schema audit to countroom_app', 'schema/audit'],
  ['the right to the database', 'grant temporary on database <current> to countroom_app', 'database/rights'],
  [
    'what new tables are open to',
    'alter default privileges in schema audit grant all on tables to public',
    'setting/default-rights',
  ],
  ['the rights of one partition', 'grant truncate on <partition> to countroom_app', 'partitions/ledger'],
  [
    'a trigger on one partition',
    `create function pg_catalog.spoil() returns trigger language plpgsql as 'begin return null; end';
     create trigger spoil before insert on <partition> for each row execute function pg_catalog.spoil()`,
    'trigger/<partition>.spoil',
  ],
  [
    'a function of the system',
    `create or replace function pg_catalog.sha256(bytea) returns bytea language sql immutable as 'select $1'`,
    'system/functions',
  ],
  ['a cast of the system', 'create cast (point as text) with inout as implicit', 'system/added'],
])('[GLI-2.3.2b] %s, changed by a superuser, is found and named', async (_what, statement, element) => {
  const [{ partition = '' } = {}] = await db.admin<Array<{ partition: string }>>`
    select inhrelid::regclass::text as partition from pg_inherits where inhparent = 'ledger.postings'::regclass limit 1`
  const named = (text: string) => text.replace('<partition>', partition).replace('<current>', db.address.database)
  let found: string[] = []
  const undo = new Error('nobody else may see this')
  await db.admin
    .begin(async (tx) => {
      await tx.unsafe(named(statement))
      found = (await program.inspect(tx, agent.as('work'), place)).differences.map(({ path }) => path)
      throw undo
    })
    .catch((error) => expect(error).toBe(undo))
  expect(found).toContain(`database: ${named(element)}`)
  expect((await inspect()).ok).toBe(true)
})

test('a month of the ledger, a new partition or an archived one is no change of the program', async () => {
  await db.sql.begin((tx) => ledger.makePartitions(tx as Tx, new Date('2190-06-15'), 2))
  expect((await inspect()).differences).toEqual([])
  await db.admin.unsafe(`
    alter table ledger.postings detach partition ledger.postings_2190_07;
    alter table ledger.postings_2190_07 rename to archived_postings_2190_07`)
  expect((await inspect()).differences).toEqual([])
})

test.each([
  ['a file among the shipped ones', 'core/host/evil.ts'],
  ['a module that shadows another', 'core/node_modules/runs/index.js'],
  ['a file in a library', 'node_modules/runs/evil.js'],
  ['a package of a package', 'node_modules/runs/node_modules/evil/index.js'],
  ['a library nobody asked for', 'node_modules/bufferutil/index.js'],
  ['a library of a scope nobody asked for', 'node_modules/@some/evil/index.js'],
  ['a name with a line break', 'core/a\nb.ts'],
])('what was added is found: %s', async (_what, path) => {
  write(path, 'evil()\n')
  expect((await inspect()).differences).toEqual([
    { path: join(dir, path), expected: null, actual: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ])
})

test('a folder behind a link is found, and cannot be approved', async () => {
  symlinkSync(tmpdir(), join(dir, 'core/more'))
  expect((await inspect()).differences).toEqual([{ path: join(dir, 'core/more'), expected: null, actual: 'no file' }])
  await expect(approve()).rejects.toThrow(/core\/more is no file/)
})

test('what is gone is found', async () => {
  rmSync(join(dir, 'edge/serve.ts'))
  expect((await inspect()).differences).toMatchObject([{ path: join(dir, 'edge/serve.ts'), actual: null }])
})

test.each([
  ['the list', 'manifest/SHA256SUMS'],
  ['the statement', 'manifest/APPROVAL'],
  ['the signature', 'manifest/APPROVAL.sig'],
])('%s of the manifest, altered, is found', async (_what, path) => {
  const before = readFileSync(join(dir, path))
  const after = Buffer.from(before)
  const at = path.endsWith('.sig') ? after.length - 1 : after.lastIndexOf('  ') - 1
  after[at] = after[at] === 0x61 ? 0x62 : 0x61
  writeFileSync(join(dir, path), after)
  const { ok, differences } = await inspect()
  expect(ok).toBe(false)
  expect(differences[0]?.path).toMatch(new RegExp(`^${dir}/manifest/(SHA256SUMS|APPROVAL.sig)$`))
  writeFileSync(join(dir, path), before)
  expect((await inspect()).ok).toBe(true)
})

test('a list made to fit a changed file is not believed: no key but the token can sign it', async () => {
  appendFileSync(join(dir, 'core/host/serve.ts'), 'evil()\n')
  const list = readFileSync(join(dir, 'manifest/SHA256SUMS'), 'utf8').replace(
    listed().get(join(dir, 'core/host/serve.ts'))!,
    sha256sum('core/host/serve.ts'),
  )
  writeFileSync(join(dir, 'manifest/SHA256SUMS'), list)
  expect((await inspect()).differences.map(({ path }) => path)).toEqual([join(dir, 'manifest/SHA256SUMS')])
})

test('an older manifest with its older program, both put back, is not the one approved last', async () => {
  cpSync(join(dir, 'manifest'), join(dir, 'older'), { recursive: true })
  write('core/host/serve.ts', 'serve() // mended\n')
  await approve()
  rmSync(join(dir, 'manifest'), { recursive: true })
  renameSync(join(dir, 'older'), join(dir, 'manifest'))
  write('core/host/serve.ts', shipped['core/host/serve.ts'])
  expect((await inspect()).differences.map(({ path }) => path)).toEqual([join(dir, 'manifest/APPROVAL')])
})

test('whoever takes the approvals out of the database finds no first start: the log and the manifest remember', async () => {
  await db.admin`delete from program.approvals`
  expect(await program.wasApproved(db.sql, place, false)).toBe(true)
  expect((await inspect()).differences.map(({ path }) => path)).toEqual([join(dir, 'manifest/APPROVAL')])
  await approve()
  expect((await inspect()).ok).toBe(true)
})

test('an older program with its manifest and its row is not the one the log was told of last', async () => {
  cpSync(join(dir, 'manifest'), join(dir, 'older'), { recursive: true })
  write('core/host/serve.ts', 'serve() // mended\n')
  const { digest } = await approve()
  await db.admin`delete from program.approvals where digest = ${digest}`
  rmSync(join(dir, 'manifest'), { recursive: true })
  renameSync(join(dir, 'older'), join(dir, 'manifest'))
  write('core/host/serve.ts', shipped['core/host/serve.ts'])
  expect((await inspect()).differences.map(({ path }) => path)).toEqual([join(dir, 'manifest/APPROVAL')])
})

test('an approval that was cut short before its manifest was put in force is ended by the next start', async () => {
  write('core/host/serve.ts', 'serve() // mended\n')
  await approveOnly()
  expect((await inspect()).ok).toBe(false)
  await program.settle(db.sql, place)
  expect((await inspect()).ok).toBe(true)
})

test('the manifest of another node is none of this one', async () => {
  const { ok } = await program.inspect(db.sql, agent.as('work'), { ...place, node: 'node-2' })
  expect(ok).toBe(false)
})

test('a manifest that is gone is found', async () => {
  rmSync(join(dir, 'manifest'), { recursive: true })
  const { ok, expected, differences } = await inspect()
  expect({ ok, expected }).toEqual({ ok: false, expected: null })
  expect(differences[0]).toMatchObject({ path: join(dir, 'manifest'), actual: null })
})

test('[GLI-2.3.3] [CR-20] sha256sum, openssl and psql check it, with nothing of ours at work', async () => {
  expect(check()).toMatchObject({ code: 0 })
  expect(check('APPROVAL')).toMatchObject({ code: 0 })
  expect(opensslVerifies()).toBe(true)
  const printed = execFileSync(
    'psql',
    ['-XAtqf', join(dir, 'manifest/database.sql'), '-h', db.address.host, '-U', 'postgres', db.address.database],
    { encoding: 'utf8' },
  )
  const ours = readFileSync(join(dir, 'manifest/SHA256SUMS'), 'utf8')
    .match(/^.*\/manifest\/sql\/.*\n/gm)
    ?.join('')
  expect(printed).toBe(ours)
  appendFileSync(join(dir, 'manifest/APPROVAL'), '\n')
  expect(opensslVerifies()).toBe(false)
})

test('[GLI-B.2.6c] [GLI-2.8.8b] expected and actual are kept and told to the audit log, and cannot be unsaid [GLI-B.2.6c-i]', async () => {
  await keep('daily')
  const sound = await program.lastVerdict(db.sql, 'node-1')
  expect(sound).toMatchObject({ ok: true, occasion: 'daily', differences: 0, firstBad: null })
  expect(sound?.actual).toBe(sound?.expected)
  expect(await told('program.verified')).toMatchObject({ expected: sound?.expected, actual: sound?.actual })

  appendFileSync(join(dir, 'core/host/serve.ts'), ' ')
  await keep('demand')
  const bad = await program.lastVerdict(db.sql, 'node-1')
  expect(bad).toMatchObject({ ok: false, occasion: 'demand', differences: 1, expected: sound?.expected })
  expect(bad?.firstBad).toContain(join(dir, 'core/host/serve.ts'))
  expect(await told('program.mismatch')).toMatchObject({
    path: join(dir, 'core/host/serve.ts'),
    expected: listed().get(join(dir, 'core/host/serve.ts')),
    actual: sha256sum('core/host/serve.ts'),
  })
  await expect(db.sql`delete from program.verdicts`).rejects.toThrow(/permission denied/)
  await expect(db.sql`update program.approvals set digest = ''`).rejects.toThrow(/permission denied/)
})

test('[GLI-2.3.3] [CR-20] a list from elsewhere, as sha256sum writes it, is held against the files: altered, gone, unlisted; an approval here does not help', async () => {
  const list = (of: string) =>
    execFileSync('sh', ['-c', `find ${of} -type f | xargs sha256sum`], { cwd: dir, encoding: 'utf8' })
  const release = list('./core ./edge ops provisioning package.json package-lock.json')
  const found = (text: string) => program.compareRelease(dir, program.parseRelease(text))
  expect(await found(release)).toEqual({ files: 6, differences: [], unlisted: ['node_modules'] })
  write('core/host/serve.ts', 'serve() // another\n')
  write('ops/planted.ts', 'harm()\n')
  write('node_modules/planted/index.js', 'harm()\n')
  rmSync(join(dir, 'edge/serve.ts'))
  await approve() // by whoever is at this machine
  expect((await inspect()).ok).toBe(true)
  const { differences, unlisted } = await found(release)
  expect(differences).toEqual([
    {
      path: 'core/host/serve.ts',
      expected: sumIn(release, 'core/host/serve.ts'),
      actual: sha256sum('core/host/serve.ts'),
    },
    { path: 'edge/serve.ts', expected: sumIn(release, 'edge/serve.ts'), actual: null },
    { path: 'ops/planted.ts', expected: null, actual: sha256sum('ops/planted.ts') },
  ])
  expect(unlisted).toEqual(['node_modules'])
  const packages = list('node_modules/runs node_modules/@some/runs')
  expect((await found(packages)).differences.map(({ path }) => path)).toEqual(['node_modules/planted/index.js'])
  const sum = '0'.repeat(64)
  for (const useless of [
    '',
    '# nothing',
    'no sums',
    `${sum}  /etc/passwd`,
    `${sum}  core/../../x`,
    `${sum}  a\n${sum}  ./a`,
  ])
    expect(() => program.parseRelease(useless), useless).toThrow()
})

test('[GLI-B.2.6a-i] an approval says who gave it and what has changed since the one before', async () => {
  write('core/host/serve.ts', 'serve() // mended\n')
  const { digest } = await approve()
  expect(await told('program.approved')).toMatchObject({
    digest,
    by: 'ada',
    changed: 1,
    first: [join(dir, 'core/host/serve.ts')],
  })
})

function write(path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true })
  writeFileSync(join(dir, path), text)
}

async function approve() {
  const approval = await approveOnly()
  await program.settle(db.sql, place)
  return approval
}

function approveOnly() {
  const what = { version: '1.0.0', onMismatch: 'refuse', by: 'ada', also: [join(dir, 'run/core-1.json')] } as const
  const command = { ...systemCommand('test'), keys: agent.as('ops') }
  return db.sql.begin((tx) => program.approve(tx as Tx, command, place, what))
}

function inspect() {
  return program.inspect(db.sql, agent.as('work'), place)
}

async function keep(occasion: program.Occasion) {
  const inspection = await inspect()
  await db.sql.begin((tx) => program.keep(tx, systemCommand('test'), 'node-1', occasion, inspection))
}

function listed(): Map<string, string> {
  const lines = readFileSync(join(dir, 'manifest/SHA256SUMS'), 'utf8').trimEnd().split('\n')
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]))
}

function sumIn(list: string, path: string): string {
  return new RegExp(`^([0-9a-f]{64})  (?:\\./)?${path}$`, 'm').exec(list)![1]!
}

function sha256sum(path: string): string {
  return execFileSync('sha256sum', [join(dir, path)], { encoding: 'utf8' }).slice(0, 64)
}

function check(file = 'SHA256SUMS'): { code: number; out: string } {
  return ran('sha256sum', ['-c', join(dir, 'manifest', file)])
}

function opensslVerifies(): boolean {
  const at = (name: string) => join(dir, 'manifest', name)
  const ed25519 = ran('openssl', ['pkey', '-pubin', '-in', at('key.pem'), '-noout', '-text']).out.includes('ED25519')
  const args = ed25519
    ? [
        'pkeyutl',
        '-verify',
        '-pubin',
        '-inkey',
        at('key.pem'),
        '-rawin',
        '-in',
        at('APPROVAL'),
        '-sigfile',
        at('APPROVAL.sig'),
      ]
    : ['dgst', '-sha256', '-verify', at('key.pem'), '-signature', at('APPROVAL.sig'), at('APPROVAL')]
  return ran('openssl', args).code === 0
}

function ran(command: string, args: string[]): { code: number; out: string } {
  try {
    return { code: 0, out: execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' }) }
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string }
    return { code: status, out: `${stdout}${stderr}` }
  }
}

async function told(code: string): Promise<unknown> {
  const [event] = await audit.search(db.sql, { code, limit: 1 })
  return event?.detail
}
