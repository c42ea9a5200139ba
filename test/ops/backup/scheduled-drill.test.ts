import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Appliance, startAppliance } from '../../../ops/appliance.ts'
import { until } from '../../support/client.ts'
import { newHome } from '../../support/home.ts'
import { countroom, removeHome } from '../command.ts'

/** A casino that nobody has ever told to drill. */
const home = newHome('small')
const places = mkdtempSync(join(tmpdir(), 'cr-places-'))
const said: string[] = []
let appliance: Appliance | undefined

beforeAll(async () => {
  chmodSync(places, 0o755)
  const backup = { repositories: [{ directory: join(places, 'near') }], archiveSeconds: 5 }
  writeFileSync(join(home, 'countroom.json'), JSON.stringify({ edgeWorkers: 1, backup }))
  appliance = await startAppliance({ home, freePorts: true, say: (line) => void said.push(line) })
}, 180_000)
afterAll(async () => {
  await appliance?.stop()
  removeHome(home)
  rmSync(places, { recursive: true, force: true })
})

test('the first drill comes by itself after the first backup, beside production, and leaves evidence that verifies', async () => {
  await until('a word of the drill', async () => said.find((line) => line.includes('rill')), 180)
  expect(said.filter((line) => line.includes('rill'))).toEqual(['A drill went through: npx countroom drill verify.'])
  const drills = join(home, 'backup/drills')
  const [evidence = '', ...more] = readdirSync(drills)
  expect(more).toEqual([])
  expect((await countroom(home, ['drill', 'verify', join(drills, evidence)])).out).toMatch(/^Signed by sk-manifest-1/)
  expect(existsSync(join(home, 'drill'))).toBe(false)
}, 240_000)
