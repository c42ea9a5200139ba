import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { browserOf } from '../../core/host/origin.ts'
import { openNetworks } from '../../core/host/registers/networks.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'cr-networks-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

const file = (name: string, text: string) => {
  writeFileSync(join(dir, name), text)
  return join(dir, name)
}

test('an address is where the most specific network says; one in no network is nowhere', () => {
  const places = file(
    'places.csv',
    'network,country,latitude,longitude\n10.0.0.0/8,MT,35.9,14.5\n10.1.0.0/16,"SE",59.3,18.1\n2001:db8::/32,DE,52.5,13.4\n',
  )
  const networks = openNetworks({ places })
  expect(networks.locate('10.2.3.4')).toEqual({ country: 'MT', latitude: 35.9, longitude: 14.5 })
  expect(networks.locate('10.1.255.255')?.country).toBe('SE')
  expect(networks.locate('::ffff:10.1.0.0')?.country).toBe('SE')
  expect(networks.locate('2001:db8:ffff::1')?.country).toBe('DE')
  for (const nowhere of ['11.0.0.1', '2001:db9::1', '', 'unknown', '::1'])
    expect(networks.locate(nowhere), nowhere).toBeUndefined()
  expect(openNetworks({}).locate('10.0.0.1')).toBeUndefined()
})

test('a network on the operator’s list is known by its addresses, and remarks are none', () => {
  const networks = openNetworks({ listed: file('listed.txt', '# exits\n192.0.2.0/25 # of one\n\n2001:db8:5::/48\n') })
  expect(networks.isListed('192.0.2.127')).toBe(true)
  expect(networks.isListed('192.0.2.128')).toBe(false)
  expect(networks.isListed('2001:db8:5:ffff::')).toBe(true)
})

test('half a table is none: a line that cannot be read is named, and nothing starts on it', () => {
  for (const line of [
    '10.0.0.1/8,MT,1,1',
    '10.0.0.0/33,MT,1,1',
    '10.0.0.0/8,Malta,1,1',
    '10.0.0.0/8,MT,91,1',
    '10.0.0.0/8,MT',
    'x',
  ])
    expect(() => openNetworks({ places: file('bad.csv', `10.0.0.0/8,MT,1,1\n${line}\n`) }), line).toThrow('line 2')
})

test('browsers are told in words for people, strangers too', () => {
  const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
  const safari =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile/15E148 Safari/604.1'
  expect(browserOf(firefox)).toBe('Firefox on Linux')
  expect(browserOf(safari)).toBe('Safari on iPhone')
  expect(browserOf('<script>')).toBe('A browser')
})
