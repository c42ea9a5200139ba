import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { connect as connectPlain, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type EdgeSettings, type Face, readConfig } from '../../edge/config.ts'
import { holds, isNetwork, listOf } from '../../edge/visitors/network-list.ts'
import { until } from '../support/client.ts'
import { type EdgeLab, openEdgeLab } from '../support/edge-lab.ts'

/** Each face is open to the networks of its list and to no other; the player's stands on a socket of IPv6 that takes both. */
const proxy = '127.0.0.9'
const first = ['127.0.0.1', '127.0.0.4/32', '203.0.113.0/24']
const request = 'GET /x HTTP/1.1\r\nhost: localhost\r\n\r\n'
let lab: EdgeLab
let config: EdgeSettings
beforeAll(async () => {
  lab = await openEdgeLab(({ url }, response) => void (url === '/never' || response.end('{}')), {
    cores: 1,
    adjust: (made) => {
      config = made
      Object.assign(config.listeners.player, { host: '::', proxies: [`${proxy}/32`], networks: first })
      config.listeners.operator.networks = ['127.0.0.2']
    },
  })
})
afterAll(() => lab?.stop())

const dial = (from: string, face: Face = 'player') =>
  connectPlain({ host: '127.0.0.1', port: config.listeners[face].port, localAddress: from })

/** All that comes over TLS on a connection that has begun already, up to the end of an answer; nothing when there is no handshake. */
function ask(under: Socket): Promise<string> {
  const socket = connect({ socket: under, servername: 'localhost', ca: lab.ca, ALPNProtocols: ['http/1.1'] })
  return new Promise((resolve) => {
    let heard = ''
    socket.on('secureConnect', () => socket.write(request.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')))
    socket.on('data', (chunk) => {
      heard += chunk
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(heard))
  })
}

function askProxied(header: string, from = proxy): Promise<string> {
  const socket = dial(from)
  socket.write(header)
  return ask(socket)
}

const ended = (socket: Socket) =>
  new Promise<number>((resolve) => {
    socket.on('error', () => {})
    socket.once('close', () => resolve(socket.bytesRead)).resume()
  })

/** Puts other lists in force. What is not named has the usual one. */
function write(networks: unknown): void {
  const { player, ...others } = config.listeners
  const changed = { ...config, listeners: { player: { ...player, networks }, ...others } }
  writeFileSync(join(lab.dir, 'edge.json.new'), JSON.stringify(changed))
  renameSync(join(lab.dir, 'edge.json.new'), join(lab.dir, 'edge.json'))
}

const served = /^HTTP\/1\.1 200 /

describe('who connects', () => {
  test('from a network of the list is served; from another there is not a byte, whatever is sent [S57]', async () => {
    expect(await ask(dial('127.0.0.1'))).toMatch(served)
    for (const words of ['', request, '\x16\x03\x01', 'PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n']) {
      const stranger = dial('127.0.0.3')
      if (words) stranger.write(words)
      expect(await ended(stranger), JSON.stringify(words)).toBe(0)
    }
    expect(await ask(dial('127.0.0.3'))).toBe('')
  })

  test('is held to the list of the face they ask, and no other', async () => {
    expect(await ask(dial('127.0.0.2', 'operator'))).toMatch(served)
    expect(await ask(dial('127.0.0.1', 'operator'))).toBe('')
    expect(await ask(dial('127.0.0.2'))).toBe('')
    for (const from of ['127.0.0.2', '127.0.0.77']) expect(await ask(dial(from, 'partner'))).toMatch(served)
  })

  test.each<[string, boolean]>([
    ['TCP4 203.0.113.7 192.0.2.1', true],
    ['TCP4 198.51.100.7 192.0.2.1', false],
    ['TCP6 ::ffff:203.0.113.7 2001:db8::1', true],
    ['TCP6 ::ffff:cb00:7107 2001:db8::1', true],
    ['TCP6 ::ffff:198.51.100.7 2001:db8::1', false],
    ['TCP6 2001:db8::7 2001:db8::1', false],
    ['TCP4 127.0.0.9 192.0.2.1', false],
  ])('through a proxy counts by their own address: %s', async (source, isServed) => {
    const said = await askProxied(`PROXY ${source} 4711 443\r\n`)
    if (isServed) expect(said).toMatch(served)
    else expect(said).toBe('')
  })

  test('as a proxy for itself counts by its own address', async () => {
    expect(await askProxied('PROXY UNKNOWN\r\n')).toBe('')
  })

  test('from elsewhere is counted, and logged by their network', async () => {
    await ended(dial('127.0.0.3'))
    expect(await lab.metrics()).toMatch(/countroom_edge_refusals_total\{code="edge.network_not_allowed"\} [1-9]/)
    const lines = await until('a line of the log', async () => {
      const found = lab
        .log()
        .split('\n')
        .filter((line) => line.includes('"turned away"'))
      return found.length > 0 ? found : undefined
    })
    for (const line of lines)
      expect(JSON.parse(line)).toMatchObject({
        code: 'edge.network_not_allowed',
        network: expect.stringContaining('/'),
      })
    expect(lines.some((line) => line.includes('"listener":"player","network":"127.0.0.0/24"'))).toBe(true)
    expect(lines.join()).not.toMatch(/127\.0\.0\.3|198\.51\.100\.7/)
  })
})

describe('while it runs', () => {
  afterEach(async () => {
    write(first)
    await until('all are let in again', async () => served.test(await ask(dial('127.0.0.4'))) || undefined)
  })

  test('who is taken from the list ends at once, with what is under way; others stay, and nobody else gets in', async () => {
    const kept = await lab.open({ localAddress: '127.0.0.1', ALPNProtocols: ['http/1.1'] } as object)
    const waits = await lab.open({ localAddress: '127.0.0.4', ALPNProtocols: ['http/1.1'] } as object)
    const isLost = ended(waits)
    waits.write(request.replace('/x', '/never'))
    const silent = dial('127.0.0.4')
    const over2 = connectHttp2('https://localhost', {
      createConnection: () =>
        connect({ socket: dial('127.0.0.4'), servername: 'localhost', ca: lab.ca, ALPNProtocols: ['h2'] }),
    })
    over2.on('error', () => {})
    const isOver = new Promise((resolve) => over2.once('close', resolve))
    await new Promise((resolve) => over2.once('remoteSettings', resolve))
    await until('it is under way', async () => lab.cores[0]!.asked.some(({ url }) => url === '/never') || undefined)
    write(['127.0.0.1', '203.0.113.0/24'])
    await Promise.all([isLost, ended(silent), isOver])
    expect(await ask(dial('127.0.0.4'))).toBe('')
    expect(await ask(dial('127.0.0.3'))).toBe('')
    expect(await askProxied('PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n')).toMatch(served)
    kept.write(request)
    expect(String(await new Promise((resolve) => kept.once('data', resolve)))).toMatch(served)
    kept.destroy()
  })

  test('without a list everybody is let in, and with one nobody else is again', async () => {
    write(undefined)
    await until('a stranger is served', async () => served.test(await ask(dial('127.0.0.3'))) || undefined)
    const open = await lab.open({ localAddress: '127.0.0.3' } as object)
    const isLost = ended(open)
    write(first)
    await isLost
    expect(await ask(dial('127.0.0.3'))).toBe('')
  })

  test.each([
    [['10.0.0.0/33'], '"10.0.0.0/33" is no network'],
    [['127.0.0.3', 'office'], '"office" is no network'],
    [[], 'would let nobody in'],
    ['127.0.0.3', 'expected array'],
  ])('%j is not taken, and what was in force stays', async (networks, words) => {
    const before = lab.log().length
    write(networks)
    await until('it is said', async () => {
      const said = lab.log().slice(before)
      return (said.includes('is not taken') && said.includes(JSON.stringify(words).slice(1, -1))) || undefined
    })
    expect(await ask(dial('127.0.0.3'))).toBe('')
    expect(await ask(dial('127.0.0.1'))).toMatch(served)
  })
})

test('a list that is none is named before anything starts', () => {
  const dir = mkdtempSync(join(tmpdir(), 'cr-allow-'))
  const sound = JSON.parse(readFileSync(join(lab.dir, 'edge.json'), 'utf8')) as EdgeSettings
  sound.listeners.partner.networks = ['2001:db8::/129']
  writeFileSync(join(dir, 'edge.json'), JSON.stringify(sound))
  expect(() => readConfig(join(dir, 'edge.json'))).toThrow(/"2001:db8::\/129" is no network[\s\S]*partner/)
  rmSync(dir, { recursive: true })
})

test('what a network is, and who stands in one', () => {
  for (const text of ['10.0.0.0/8', '10.1.2.3', '0.0.0.0/0', '::/0', '2001:db8::/32', '::1'])
    expect(isNetwork(text), text).toBe(true)
  for (const text of ['', '10.0.0', '10.0.0.0/', '10.0.0.0/-1', '::/129', 'fe80::1%eth0', 'fe80::%eth0/64', 'x'])
    expect(isNetwork(text), text).toBe(false)
  const list = listOf(['10.0.0.0/8', '2001:db8::/32', 'fe80::/64', '::ffff:192.0.2.0/120'])
  for (const address of ['10.255.0.1', '::ffff:10.0.0.1', '2001:db8:1::1', 'fe80::1%eth0', '192.0.2.255'])
    expect(holds(list, address), address).toBe(true)
  for (const address of ['11.0.0.1', '::ffff:11.0.0.1', '2001:db9::1', 'fe80:0:0:1::1%eth0', '192.0.3.0', '', 'x'])
    expect(holds(list, address), address).toBe(false)
})
