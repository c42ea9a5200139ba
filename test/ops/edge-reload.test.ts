import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { viewHome } from '../../ops/appliance/home.ts'
import { edgeConfig } from '../../ops/appliance/nodes.ts'
import { approveProgram } from '../../ops/appliance/program.ts'
import { readSettings } from '../../ops/appliance/settings.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { openClient, until } from '../support/client.ts'
import { newHome } from '../support/home.ts'
import { countroom } from './command.ts'

/** `countroom edge reload`, on a running appliance. */
const home = newHome('small')
let appliance: Appliance
beforeAll(async () => {
  appliance = await startAppliance({ home, freePorts: true })
})
afterAll(async () => {
  await appliance?.stop()
  rmSync(home, { recursive: true, force: true })
})

test('what countroom.json says of the edge holds at once, without a start; what is not valid changes nothing; what was approved wants the word for it', {
  timeout: 240_000,
}, async () => {
  const file = join(home, 'countroom.json')
  const told = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  const say = (edge: object) => writeFileSync(file, JSON.stringify({ ...told, edge }))
  const client = openClient(appliance.urls.lobby, { ca: appliance.card().ca })
  const status = async () => (await client.ask('GET', '/api/games')).status
  const closed = [{ face: 'player', path: '/api/games', closed: true }]
  const rendered = () => {
    const settings = readSettings(viewHome(home))
    const ports = { ...settings.ports, ...appliance.card().ports }
    return `${JSON.stringify(edgeConfig(viewHome(home), { ...settings, ports }, {}), null, 2)}\n`
  }
  const workers = appliance.processes().map(({ pid }) => pid)
  try {
    say({ routes: closed })
    expect(await status()).toBe(200)
    const taken = await countroom(home, ['edge', 'reload'])
    expect(taken.code, taken.out).toBe(0)
    expect(taken.out).toContain('The configuration was taken.')
    await until('it is closed', async () => (await status()) === 503 || undefined)
    expect((await countroom(home, ['edge', 'reload'])).out).toContain('is what was in force')

    expect(readFileSync(join(home, 'run/edge.json'), 'utf8'), 'as a start writes it').toBe(rendered())

    writeFileSync(
      file,
      JSON.stringify({ ...told, operatorCertificates: true, logLevel: 'debug', edge: { routes: closed } }),
    )
    expect((await countroom(home, ['edge', 'reload'])).out, 'what is for a start').toContain('is what was in force')
    say({ routes: [{ face: 'player', path: '/edge/health', closed: true }] })
    const refused = await countroom(home, ['edge', 'reload'])
    expect(refused.code).not.toBe(0)
    expect(refused.out).toContain('cannot be amended')
    expect(await status()).toBe(503)
    expect((await countroom(home, ['edge', 'status'])).code).toBe(0)

    await approveProgram(viewHome(home), readSettings(viewHome(home)), { fixedPorts: true, command: 'a test' })
    say({})
    const bound = await countroom(home, ['edge', 'reload'])
    expect(bound.code).not.toBe(0)
    expect(bound.out).toContain('would not be what was approved')
    expect(await status()).toBe(503)
    const redis = join(home, 'run/redis.conf')
    const sound = readFileSync(redis, 'utf8')
    writeFileSync(redis, `${sound}# changed\n`)
    const others = await countroom(home, ['edge', 'reload', '--approve-program'])
    expect(others.out).toContain('Something else is not as approved')
    expect(await status()).toBe(503)
    writeFileSync(redis, sound)
    const meant = await countroom(home, ['edge', 'reload', '--approve-program', '--json'])
    expect(JSON.parse(meant.out)).toMatchObject({ changed: true })
    await until('it is open', async () => (await status()) === 200 || undefined)
    const program = await countroom(home, ['verify', 'program'])
    expect(program.code, program.out).toBe(0)
    expect(appliance.processes().map(({ pid }) => pid)).toEqual(workers)
  } finally {
    writeFileSync(file, JSON.stringify(told))
    client.close()
  }
})
