import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { newRequestId } from '../../../edge/ids.ts'
import { traceOf } from '../../../edge/log/trace.ts'
import { maskOf, readNetworks } from '../../../edge/visitors/network-list.ts'
import { openVisitors } from '../../../edge/visitors/visitors.ts'
import { until } from '../../support/client.ts'
import { openEdgeLab } from '../../support/edge-lab.ts'
import { makeMmdb } from '../../support/mmdb.ts'

/** Where a visitor comes from, by the operator's own files. */
const dir = mkdtempSync(join(tmpdir(), 'cr-visitors-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function file(name: string, content: string | Buffer): string {
  writeFileSync(join(dir, `${name}.new`), content)
  renameSync(join(dir, `${name}.new`), join(dir, name))
  return join(dir, name)
}

test('a country is what the file says, an address of IPv4 by whatever socket it comes, and nobody is held to what it does not say', () => {
  const countries = file('one.mmdb', makeMmdb({ '192.0.2.0/24': 'DE', '198.51.100.0/25': 'US' }))
  const visitors = openVisitors({ countries, banned: [], anonymous: [], traced: [] }, () => {})
  const of = (address: string) => visitors.of({}, address).country
  expect([
    of('192.0.2.7'),
    of('::ffff:192.0.2.7'),
    of('198.51.100.1'),
    of('198.51.100.200'),
    of('2001:db8::1'),
  ]).toEqual(['DE', 'DE', 'US', undefined, undefined])
  visitors.close()
})

test('files are read anew while connections are open; one that is broken is told of, and what was good stays', async () => {
  const banned = file('banned', '203.0.113.0/24 # a remark\n\n2001:db8:bad::/48\n')
  const problems: string[] = []
  const visitors = openVisitors({ banned: [banned], anonymous: [], traced: [] }, (error) =>
    problems.push(error.message),
  )
  const [one, other] = [{}, {}]
  const isBanned = (connection: object, address: string) => visitors.of(connection, address).isBanned
  expect([isBanned(one, '203.0.113.9'), isBanned(other, '192.0.2.1'), isBanned({}, '2001:db8:bad:1::5')]).toEqual([
    true,
    false,
    true,
  ])
  file('banned', '192.0.2.1\n')
  await until('the new file to be read', async () => isBanned(other, '192.0.2.1') || undefined)
  expect(isBanned(one, '203.0.113.9')).toBe(false)
  file('banned', 'not a network\n')
  await until('the broken file to be told of', async () => problems[0])
  expect(problems[0]).toBe('line 1: "not a network" is no network')
  expect(isBanned(other, '192.0.2.1')).toBe(true)
  visitors.ban(['198.51.100.0/24'])
  expect(isBanned(one, '198.51.100.3')).toBe(true)
  visitors.close()
})

test('a network that could be read in two ways is none', () => {
  for (const text of ['1.2.3', '1.2.3.4/33', '1.2.3.4/', '::1/129', '1.2.3.4/24/8', 'x'])
    expect(() => readNetworks(text)).toThrow('is no network')
})

test('what stands in a log of an address tells a network', () => {
  expect(maskOf('192.0.2.77')).toBe('192.0.2.0/24')
  expect(maskOf('::ffff:192.0.2.77')).toBe('192.0.2.0/24')
  expect(maskOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1::/48')
  expect(maskOf('2001:db8::1')).toBe('2001:db8:0::/48')
})

test('a trace goes on where somebody trusted began it, and begins here otherwise', () => {
  const id = `req_${'ab'.repeat(16)}`
  const given = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
  expect(traceOf(id, given, 0)).toEqual({
    traceparent: `00-${'1'.repeat(32)}-${'ab'.repeat(8)}-01`,
    traceId: '1'.repeat(32),
    spanId: 'ab'.repeat(8),
    continued: '1'.repeat(32),
    parentSpanId: '2'.repeat(16),
    isFollowed: true,
  })
  for (const other of [
    undefined,
    'x',
    given.replace('00-', 'ff-'),
    `00-${'0'.repeat(32)}-${'2'.repeat(16)}-01`,
    given.toUpperCase().replaceAll('1', 'F'),
  ])
    expect(traceOf(id, other, 0)).toEqual({
      traceparent: `00-${'ab'.repeat(16)}-${'ab'.repeat(8)}-00`,
      traceId: 'ab'.repeat(16),
      spanId: 'ab'.repeat(8),
      continued: undefined,
      parentSpanId: undefined,
      isFollowed: false,
    })
})

test('the edge draws which of its own traces are followed, by their ids, and a trusted client says it of its own', () => {
  const ids = Array.from({ length: 10_000 }, () => newRequestId())
  const followed = (share: number) => ids.filter((id) => traceOf(id, undefined, share).isFollowed).length
  expect([followed(0), followed(1)]).toEqual([0, ids.length])
  expect(followed(0.25)).toBeGreaterThan(2200)
  expect(followed(0.25)).toBeLessThan(2800)
  const unfollowed = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-00`
  expect(traceOf(ids[0]!, unfollowed, 1)).toMatchObject({ isFollowed: false, continued: '1'.repeat(32) })
})

test('a core is told the country and the trace by the edge alone; a log has no address; who is banned gets nothing [S57] [S50]', async () => {
  const countriesFile = file('two.mmdb', makeMmdb({ '127.0.0.0/8': 'SE' }))
  const bannedFile = file('none', '')
  const lab = await openEdgeLab((_, response) => response.end('{}'), {
    cores: 1,
    also: { visitors: { countriesFile, bannedFiles: [bannedFile] } },
  })
  const ask = (...more: string[]) =>
    lab.say(
      ['GET /api/me?secret=hidden HTTP/1.1', 'host: localhost', 'connection: close', ...more, '', ''].join('\r\n'),
    )
  try {
    expect(
      await ask('x-client-country: US', `traceparent: 00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`, 'tracestate: a=b'),
    ).toMatch(/^HTTP\/1\.1 200/)
    const { headers } = lab.cores[0]!.asked[0]!
    const all = (name: string) => headers.filter((_, i) => i % 2 === 1 && headers[i - 1] === name)
    expect(all('x-client-country')).toEqual(['SE'])
    expect(all('tracestate')).toEqual([])
    expect(all('traceparent')).toEqual([
      `00-${all('x-request-id')[0]!.slice(4)}-${all('x-request-id')[0]!.slice(20)}-00`,
    ])
    await until('the line of the log', async () => lab.log().includes('"route":"/api/me"') || undefined)
    const line = JSON.parse(
      lab
        .log()
        .split('\n')
        .find((each) => each.includes('"route":"/api/me"'))!,
    )
    expect(line).toMatchObject({ class: 'read', network: '127.0.0.0/24', path: '/api/me', status: 200 })
    expect(lab.log()).not.toMatch(/hidden|127\.0\.0\.1"/)
    expect(await lab.metrics()).toMatch(
      /countroom_edge_requests_total\{listener="player",class="read",status="2xx",core="core-1"\} 1/,
    )
    file('none', '127.0.0.0/8')
    await until('the ban', async () => ((await ask()).startsWith('HTTP/1.1 403') ? true : undefined))
    expect(lab.cores[0]!.asked.filter(({ url }) => url.startsWith('/api/me')).length).toBeLessThan(30)
  } finally {
    await lab.stop()
  }
})
