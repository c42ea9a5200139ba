import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readConfig } from '../../edge/config.ts'
import { openHome } from '../../ops/appliance/home.ts'
import { edgeUnit } from '../../ops/appliance/nodes.ts'
import { readSettings } from '../../ops/appliance/settings.ts'
import { newHome } from '../support/home.ts'

/** What an operator writes of the edge into countroom.json, as the edge reads it. */
const dir = newHome('small')
const home = openHome(dir, { users: {}, ours: [process.getuid?.() ?? 0] })
mkdirSync(home.path('secrets'), { recursive: true })
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function listenersWith(edge: object) {
  writeFileSync(join(dir, 'countroom.json'), JSON.stringify({ edge }))
  edgeUnit(home, readSettings(home), {})
  return readConfig(home.path('run/edge.json')).listeners
}

test('a face that is not named is open to all; one that is, to its networks, and the management faces to loopback besides', () => {
  const all = listenersWith({})
  expect([all.player.networks, all.operator.networks, all.partner.networks]).toEqual([undefined, undefined, undefined])
  const { player, operator, partner } = listenersWith({
    networks: { player: ['198.51.100.0/24'], operator: ['10.20.0.0/16', '2001:db8:7::/48'] },
  })
  expect(player.networks).toEqual(['198.51.100.0/24'])
  expect(operator.networks).toEqual(['10.20.0.0/16', '2001:db8:7::/48', '127.0.0.0/8', '::1/128'])
  expect(partner.networks).toBeUndefined()
})

test.each([
  [{ operator: ['10.0.0.0/33'] }, '"10.0.0.0/33" is no network'],
  [{ operator: [] }, 'would let nobody in'],
  [{ staff: ['10.0.0.0/8'] }, 'staff'],
])('%j is refused before anything starts', (networks, words) => {
  expect(() => listenersWith({ networks })).toThrow(words)
  expect(readFileSync(home.path('run/edge.json'), 'utf8')).not.toContain('10.0.0.0/33')
})
