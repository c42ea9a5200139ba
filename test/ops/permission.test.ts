import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { openHome } from '../../ops/appliance/home.ts'
import { coreUnits, edgeUnit, keysUnit, sandboxUnit, workUnit } from '../../ops/appliance/nodes.ts'
import { readSettings } from '../../ops/appliance/settings.ts'
import { newHome } from '../support/home.ts'

/** What a process reads and loads that runs under the flags of the appliance, whatever it was made to run. */
const dir = newHome('small')
const home = openHome(dir, { users: {}, ours: [process.getuid?.() ?? 0] })
const settings = readSettings(home)
const secret = home.path('secrets/hsm-pin-of-a-test')
for (const folder of ['secrets', 'token', 'tls']) mkdirSync(home.path(folder))
writeFileSync(secret, '1234')
const agent = keysUnit(home, settings, {}) // writes what the others inspect
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const units = { 'work-1': workUnit(home, settings, {}), 'core-1': coreUnits(home, settings, {})[0]! }

test.each(Object.entries(units))('%s reads the token’s PIN neither by its path nor round about', (_, unit) => {
  const detours = [
    '/proc/self/root',
    '/proc/thread-self/root',
    `/proc/${process.pid}/root`,
    '/proc/self/task/../root',
    '/proc/self/status/../root',
    '/sys/../proc/self/root',
  ]
  const tried = [
    secret,
    ...detours.map((detour) => `${detour}${secret}`),
    '/proc/self/cwd/secret', // the folder it was started in
    `/proc/${process.pid}/environ`,
    '/proc/self/environ',
  ]
  const said = readUnder(unit.args, tried)
  expect(said).toEqual(Object.fromEntries(tried.map((path) => [path, 'ERR_ACCESS_DENIED'])))
})

test('the worker reads how much memory its machine has', () => {
  expect(readUnder(units['work-1'].args, ['/proc/meminfo', '/proc/self/status'])).toEqual({
    '/proc/meminfo': 'read',
    '/proc/self/status': 'read',
  })
})

test.each(Object.entries(units))(
  '%s has what a generator of outcomes asks of the kernel: the worker ends rounds that nobody comes back to',
  (_, { args }) => {
    const flags = args.slice(
      0,
      args.findIndex((arg) => !arg.startsWith('--')),
    )
    const host = pathToFileURL(join(import.meta.dirname, '../../core/host/')).href
    const script = `
    const { openKernelRandom } = await import('${host}kernel-random.ts')
    const { openKernelEvents } = await import('${host}kernel-events.ts')
    console.log(JSON.stringify([openKernelRandom()(16).length, openKernelEvents()() !== '']))`
    const ran = spawnSync(process.execPath, [...flags, '--input-type=module', '-e', script], { encoding: 'utf8' })
    expect(ran.status, ran.stderr).toBe(0)
    expect(JSON.parse(ran.stdout)).toEqual([16, existsSync('/sys/kernel/uevent_seqnum')])
  },
)

test('nothing is loaded from outside the program, where no list of it looks: not from a folder above, nor by HOME, nor by NODE_PATH [GLI-2.3.2] [S60]', () => {
  const above = mkdtempSync(join(tmpdir(), 'cr-above-'))
  const clone = join(above, 'clone')
  const repository = join(import.meta.dirname, '../..')
  for (const part of [
    'ops/bootstrap/confine.js',
    'package.json',
    'node_modules/ws',
    'node_modules/debug',
    'node_modules/ms',
  ])
    cpSync(join(repository, part), join(clone, part), { recursive: true })
  const plant = (folder: string, name: string) => {
    mkdirSync(join(above, folder, name), { recursive: true })
    writeFileSync(
      join(above, folder, name, 'index.js'),
      `(globalThis.loaded ??= []).push('${name}'); module.exports = { mask() {}, unmask() {}, stderr: false }`,
    )
  }
  plant('node_modules', 'bufferutil') // which ws takes when it is there
  plant('.node_modules', 'supports-color') // which debug takes, and HOME is above
  plant('path', 'by-path')
  writeFileSync(
    join(clone, 'main.mjs'),
    `import { createRequire } from 'node:module'
     await import('ws'); await import('debug')
     const codes = []
     try { createRequire(import.meta.url)('by-path') } catch ({ code }) { codes.push(code) }
     await import('bufferutil').catch(({ code }) => codes.push(code))
     console.log(JSON.stringify({ loaded: globalThis.loaded ?? [], codes }))`,
  )
  const loaded = (...flags: string[]) => {
    const env = { HOME: above, NODE_PATH: join(above, 'path') }
    const ran = spawnSync(process.execPath, [...flags, join(clone, 'main.mjs')], { encoding: 'utf8', env })
    expect(ran.status, ran.stderr).toBe(0)
    return JSON.parse(ran.stdout)
  }
  try {
    expect(loaded()).toEqual({ loaded: ['bufferutil', 'supports-color', 'by-path'], codes: [] })
    expect(loaded(`--import=${join(clone, 'ops/bootstrap/confine.js')}`)).toEqual({
      loaded: [],
      codes: ['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'],
    })
  } finally {
    rmSync(above, { recursive: true })
  }
  const all = [...Object.values(units), agent, edgeUnit(home, settings, {}), sandboxUnit(home, settings, {})]
  for (const { name, args } of all)
    expect(args[0], name).toBe(`--import=${join(repository, 'ops/bootstrap/confine.js')}`)
})

test('of a carrier’s two secrets the worker reads the one that sends, a core the one of receipts, and without a carrier there is none', () => {
  const [secretFile, receiptSecretFile] = [home.path('secrets/sms'), home.path('secrets/sms-receipts')]
  for (const file of [secretFile, receiptSecretFile]) writeFileSync(file, 'of a test', { mode: 0o600 })
  const smsCarrier = { url: 'smpps://casino@sms.example:3550', secretFile, receiptSecretFile, sender: 'Casino' }
  const configured = (name: string) => JSON.parse(readFileSync(home.path(`run/${name}.json`), 'utf8')).smsCarrier
  const work = workUnit(home, { ...settings, smsCarrier }, {})
  const core = coreUnits(home, { ...settings, smsCarrier }, {})[0]!
  expect(readUnder(work.args, [secretFile, receiptSecretFile])).toEqual({
    [secretFile]: 'read',
    [receiptSecretFile]: 'ERR_ACCESS_DENIED',
  })
  expect(readUnder(core.args, [secretFile, receiptSecretFile])).toEqual({
    [secretFile]: 'ERR_ACCESS_DENIED',
    [receiptSecretFile]: 'read',
  })
  expect(configured('work-1')).toEqual({ url: smsCarrier.url, secretFile, sender: 'Casino' })
  expect(configured('core-1')).toEqual({ url: smsCarrier.url, receiptSecretFile, sender: 'Casino' })
  workUnit(home, { ...settings, smsCarrier: null }, {})
  expect(configured('work-1')).toBeUndefined()
})

/** What becomes of reading each file in a process with a unit's flags. */
function readUnder(args: readonly string[], paths: readonly string[]): Record<string, string> {
  writeFileSync(home.path('secrets/secret'), 'in the folder')
  const flags = args.slice(
    0,
    args.findIndex((arg) => !arg.startsWith('--')),
  )
  const script = `
    const { readFileSync } = require('node:fs')
    const outcome = (path) => { try { readFileSync(path); return 'read' } catch (error) { return error.code } }
    console.log(JSON.stringify(Object.fromEntries(${JSON.stringify(paths)}.map((path) => [path, outcome(path)]))))`
  const ran = spawnSync(process.execPath, [...flags, '-e', script], { encoding: 'utf8', cwd: home.path('secrets') })
  expect(ran.status, ran.stderr).toBe(0)
  return JSON.parse(ran.stdout) as Record<string, string>
}
