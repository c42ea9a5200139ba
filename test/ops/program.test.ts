import { execFileSync } from 'node:child_process'
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { viewHome } from '../../ops/appliance/home.ts'
import { freePorts } from '../../ops/appliance/ports.ts'
import { connect } from '../../ops/appliance/postgres.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { examine } from '../../ops/doctor/examine.ts'
import { type Client, must, openClient, until } from '../support/client.ts'
import { newHome } from '../support/home.ts'
import { enrolAt } from '../support/staff.ts'
import { countroom } from './command.ts'

/** A node that refuses: its program approved at the first start, spoilt, found by every way there is to look. */
const home = newHome('small')
let appliance: Appliance | undefined
let auditor: Client

beforeAll(async () => {
  const settings = { edgeWorkers: 1, ports: await freePorts(), programMismatch: 'refuse' }
  writeFileSync(join(home, 'countroom.json'), JSON.stringify(settings))
  appliance = await startAppliance({ home })
  auditor = openClient(appliance.urls.operator, { ca: appliance.card().ca })
  const secret = appliance.urls.enrolment?.split('#')[1] ?? ''
  await enrolAt(auditor, { secret, origin: appliance.urls.operator })
})
afterAll(async () => {
  await auditor?.close()
  await appliance?.stop()
  rmSync(home, { recursive: true, force: true })
})

const statement = async (text: string) => {
  const admin = connect(viewHome(home), 'admin')
  await admin.unsafe(text)
  await admin.end()
}
const spoil = () => statement(`create function base.stranger() returns int language sql as 'select 1'`)
const mend = () => statement('drop function base.stranger()')

type Found = {
  state: string
  inspectedAt: string
  occasion: string
  expected: string
  actual: string
  firstBad: string
}
const shown = async () => (await must(auditor.ask<Found>('GET', '/api/program'), 200)).body
const told = async (code: string) =>
  (await must(auditor.ask<{ events: Array<Record<string, unknown>> }>('GET', `/api/audit?code=${code}&limit=5`), 200))
    .body.events
const metric = async (name: string) => {
  const response = await fetch(`http://127.0.0.1:${appliance?.card().ports.workMetrics}/metrics`)
  return Number((await response.text()).match(new RegExp(`^${name}\\b.* (\\S+)$`, 'm'))?.[1])
}

test('[GLI-B.2.6a-i] [GLI-2.3.3] the first start approves what was installed, and sha256sum agrees: program, engines, configurations', async () => {
  expect(await shown()).toMatchObject({ state: 'approved', occasion: 'approval' })
  expect(await told('program.approved')).toMatchObject([{ outcome: 'success' }])
  const list = join(home, 'manifest/SHA256SUMS')
  execFileSync('sha256sum', ['-c', '--quiet', list])
  const paths = readFileSync(list, 'utf8')
  for (const part of [
    'core/host/serve.ts',
    'edge/serve.ts',
    'package-lock.json',
    'bin/node',
    'pkcs11.node',
    'bin/postgres',
  ])
    expect(paths, part).toContain(`${part}\n`)
  for (const part of ['run/core-1.json', 'run/edge.json', 'pg/postgresql.conf', 'run/redis.conf'])
    expect(paths, part).toContain(`${join(home, part)}\n`)
})

test('[GLI-2.3.2] [GLI-2.3.2c] [GLI-B.2.6a-iv] [S60] on demand the worker finds one changed byte; metric, doctor, status and log say so', async () => {
  appendFileSync(join(home, 'run/edge.json'), ' ')
  await must(auditor.ask('POST', '/api/program/inspections', { reason: 'the yearly audit' }), 202)
  const found = await until('the verdict', async () => {
    const now = await shown()
    return now.occasion === 'demand' ? now : undefined
  })
  expect(found).toMatchObject({ state: 'differs' })
  expect(found.firstBad).toContain(join(home, 'run/edge.json'))
  expect(found.actual).not.toBe(found.expected)
  expect(await told('program.mismatch')).toMatchObject([
    { outcome: 'failure', detail: { occasion: 'demand', path: join(home, 'run/edge.json'), differences: 1 } },
  ])
  expect(await metric('countroom_program_approved')).toBe(0)
  const findings = await examine(viewHome(home))
  expect(findings.filter(({ severity }) => severity === 'broken').map(({ id }) => id)).toEqual(['program'])
  const status = await countroom(home, ['status'])
  expect(status.code).toBe(2)
  expect(status.out).toMatch(/THE CONTROL PROGRAM IS NOT AS APPROVED.*run\/edge\.json/)

  const spoilt = await countroom(home, ['verify', 'program'])
  expect(spoilt.code).toBe(1)
  expect(spoilt.out).toMatch(/FAILED.*run\/edge\.json: expected [0-9a-f]{64}, found [0-9a-f]{64}/)
  expect(spoilt.out).toContain('ops/runbooks/program-differs.md')
  writeFileSync(join(home, 'run/edge.json'), readFileSync(join(home, 'run/edge.json'), 'utf8').slice(0, -1))
  const mended = await countroom(home, ['verify', 'program'])
  expect(mended.code, mended.out).toBe(0)
  expect(await metric('countroom_program_approved')).toBe(1)
  expect(await metric('countroom_program_inspection_timestamp_seconds')).toBeCloseTo(Date.now() / 1000, -1.5)
  expect((await told('program.verified')).length).toBeGreaterThan(0)
})

test('who may not look may not ask: support is refused', async () => {
  const support = openClient(appliance!.urls.operator, { ca: appliance!.card().ca })
  const { url } = (await must(auditor.ask<{ url: string }>('POST', '/api/enrolments', { role: 'support' }), 201)).body
  await enrolAt(support, { secret: url.split('#')[1] ?? '', origin: appliance!.urls.operator })
  expect((await support.ask('GET', '/api/program')).status).toBe(403)
  expect((await support.ask('POST', '/api/program/inspections', { reason: 'curious' })).status).toBe(403)
  await support.close()
})

test('[GLI-B.2.6a-ii] a core that comes back does not serve a program found to be another, nor does a whole start; an approval lets both', async () => {
  await spoil()
  expect((await countroom(home, ['verify', 'program'])).code).toBe(1)
  const core = () => appliance!.processes().find(({ name }) => name === 'core-1')!
  process.kill(core().pid!, 'SIGTERM')
  await until('core-1 to be refused', async () => (core().ends.length >= 2 ? true : undefined))
  expect(readFileSync(join(home, 'log/core-1.log'), 'utf8')).toMatch(
    /program is not what was approved: database: function\/base\.stranger/,
  )

  await appliance!.stop()
  await expect(startAppliance({ home })).rejects.toThrow(
    /program is not what was approved, and this node does not serve then\. database: function\/base\.stranger: nobody approved it/,
  )
  // Nor does a lenient setting help where the signed word, which says refuse, is spoilt.
  const settings = JSON.parse(readFileSync(join(home, 'countroom.json'), 'utf8'))
  writeFileSync(join(home, 'countroom.json'), JSON.stringify({ ...settings, programMismatch: 'alarm' }))
  writeFileSync(join(home, 'manifest/APPROVAL.sig'), 'none')
  await expect(startAppliance({ home })).rejects.toThrow(/this node does not serve then\. .*APPROVAL\.sig/)
  writeFileSync(join(home, 'countroom.json'), JSON.stringify(settings))
  appliance = await startAppliance({ home, approveProgram: true })
  const sql = connect(viewHome(home), 'app')
  const rows = await sql`select occasion, ok from program.verdicts order by id desc limit 4`
  await sql.end()
  expect(rows.map(({ occasion, ok }) => `${occasion} ${ok}`)).toEqual([
    'approval true',
    'start false',
    'start false',
    'demand false',
  ])
}, 120_000)

test('[GLI-2.3.3] the list of a clone holds for another, and a list from elsewhere is held against this one; what is approved here has no part in it', async () => {
  const { code, out } = await countroom(home, ['manifest', 'print'])
  expect(code).toBe(0)
  expect(out).toMatch(/^[0-9a-f]{64} {2}core\/rooms\.ts$/m)
  const checked = execFileSync('sha256sum', ['-c', '--quiet'], { cwd: join(import.meta.dirname, '../..'), input: out })
  expect(checked.toString()).toBe('')
  const list = join(home, 'release')
  const against = async (sums: string) => {
    writeFileSync(list, sums)
    return countroom(home, ['verify', 'program', '--against', list, '--json'])
  }
  const sound = await against(out)
  expect([sound.code, JSON.parse(sound.out).checks]).toEqual([
    0,
    [{ name: expect.stringMatching(/ files as listed$/), ok: true }],
  ])
  const other = await against(out.replace(/^[0-9a-f]{64}(?= {2}core\/rooms\.ts$)/m, '0'.repeat(64)))
  const firstBad = expect.stringMatching(/^core\/rooms\.ts: expected 0{64}, found [0-9a-f]{64}$/)
  expect([other.code, JSON.parse(other.out).checks]).toMatchObject([1, [{ firstBad }]])
  await mend()
  const made = await countroom(home, ['manifest', 'make'])
  expect(made.code, made.out).toBe(0)
  expect(made.out).toMatch(/Approved \d+ files, 1 other than before/)
})
