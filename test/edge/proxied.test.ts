import { connect as connectPlain, type Socket } from 'node:net'
import { connect } from 'node:tls'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { NotProxied, readProxyHeader } from '../../edge/listen/proxy-protocol.ts'
import { type EdgeLab, openEdgeLab } from '../support/edge-lab.ts'

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const port = fc.integer({ min: 0, max: 65535 })

/** A header of version 2 as a proxy writes it. */
function binary(family: number, addresses: Buffer, more: Uint8Array = new Uint8Array(0), command = 1): Buffer {
  const head = Buffer.alloc(4)
  head[0] = 0x20 | command
  head[1] = family
  head.writeUInt16BE(addresses.length + more.length, 2)
  return Buffer.concat([signature, head, addresses, more])
}

function ports(from: number, to: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt16BE(from, 0)
  bytes.writeUInt16BE(to, 2)
  return bytes
}

describe('the header, version 1 and 2', () => {
  const header = fc.oneof(
    fc.tuple(fc.ipV4(), fc.ipV4(), port, port).map(([from, to, a, b]) => ({
      bytes: Buffer.from(`PROXY TCP4 ${from} ${to} ${a} ${b}\r\n`),
      source: { address: from, port: a },
    })),
    fc
      .tuple(fc.uint8Array({ minLength: 8, maxLength: 8 }), port, port, fc.uint8Array({ maxLength: 300 }))
      .map(([addresses, a, b, more]) => ({
        bytes: binary(0x11, Buffer.concat([addresses, ports(a, b)]), more),
        source: { address: addresses.subarray(0, 4).join('.'), port: a },
      })),
    fc.constantFrom('PROXY UNKNOWN\r\n', 'PROXY UNKNOWN ::1 ::1 1 2\r\n').map((text) => ({
      bytes: Buffer.from(text),
      source: undefined,
    })),
    fc
      .uint8Array({ maxLength: 100 })
      .map((more) => ({ bytes: binary(0, Buffer.alloc(0), more, 0), source: undefined })),
  )

  test('is read to its end whatever follows, and before its end there is nothing to read', () => {
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 50 }), fc.nat(), ({ bytes, source }, behind, cut) => {
        expect(readProxyHeader(Buffer.concat([bytes, behind]))).toEqual({ bytes: bytes.length, source })
        expect(readProxyHeader(bytes.subarray(0, cut % bytes.length))).toBeUndefined()
      }),
    )
  })

  test('whatever bytes come: a header, more to come, or none; never another error, and never without end', () => {
    const begin = fc.constantFrom(Buffer.alloc(0), signature, Buffer.from('PROXY '), Buffer.from('PROXY TCP4 '))
    fc.assert(
      fc.property(begin, fc.uint8Array({ maxLength: 400 }), (front, rest) => {
        const bytes = Buffer.concat([front, rest])
        try {
          const found = readProxyHeader(bytes)
          if (found) expect(found.bytes).toBeLessThanOrEqual(bytes.length)
          else expect(bytes.length).toBeLessThan(16 + 2048)
        } catch (error) {
          expect(error).toBeInstanceOf(NotProxied)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('an address of IPv6 comes in one spelling, by either version', () => {
    const bytes = Buffer.alloc(32)
    bytes.set([0x20, 0x01, 0x0d, 0xb8], 0)
    bytes[15] = 9
    const source = { address: '2001:db8::9', port: 1 }
    expect(readProxyHeader(binary(0x21, Buffer.concat([bytes, ports(1, 2)])))?.source).toEqual(source)
    expect(readProxyHeader(Buffer.from('PROXY TCP6 2001:DB8:0:0::9 ::1 1 2\r\n'))?.source).toEqual(source)
  })

  test.each([
    'GET / HTTP/1.1\r\n',
    'proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n',
    'PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n',
    'PROXY TCP4 1.2.3.04 1.2.3.4 1 2\r\n',
    'PROXY TCP4 ::1 ::1 1 2\r\n',
    'PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n'.padEnd(200),
    `PROXY TCP4 ${'1'.repeat(200)}`,
    '\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c',
    '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x04\0\0\0\0',
    '\r\n\r\n\0\r\nQUIT\n\x22\x11\0\x0c',
    '\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff',
  ])('no header: %j', (text) => {
    expect(() => readProxyHeader(Buffer.from(text, 'latin1'))).toThrow(NotProxied)
  })
})

describe('before TLS', () => {
  const proxy = '127.0.0.2'
  let lab: EdgeLab
  beforeAll(async () => {
    lab = await openEdgeLab((_, response) => void response.end('{}'), {
      cores: 1,
      limits: { handshakeSecondsMax: 1 },
      adjust: ({ listeners }) => {
        listeners.player.proxies = [`${proxy}/32`]
      },
    })
  })
  afterAll(() => lab?.stop())
  afterEach(() => {
    lab.cores[0]!.asked.length = 0
  })

  const dial = (from: string) => connectPlain({ host: '127.0.0.1', port: lab.port, localAddress: from })
  const told = () => {
    const headers = lab.cores[0]!.asked[0]?.headers ?? []
    return headers[headers.indexOf('x-forwarded-for') + 1]
  }
  const ends = (socket: Socket) =>
    new Promise((resolve) =>
      socket
        .on('error', () => {})
        .once('close', resolve)
        .resume(),
    )

  /** Asks over TLS on a connection that has begun already. Answers nothing when there is no handshake. */
  function ask(under: Socket): Promise<string> {
    const socket = connect({ socket: under, servername: 'localhost', ca: lab.ca, ALPNProtocols: ['http/1.1'] })
    return new Promise((resolve) => {
      let heard = ''
      socket.on('secureConnect', () => socket.write('GET /x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'))
      socket.on('data', (chunk) => {
        heard += chunk
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve(heard))
    })
  }

  test.each<[string, Buffer, string]>([
    ['version 1', Buffer.from('PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n'), '203.0.113.7'],
    [
      'version 2',
      binary(0x11, Buffer.concat([Buffer.of(203, 0, 113, 8, 192, 0, 2, 1), ports(4711, 443)])),
      '203.0.113.8',
    ],
    ['version 2 for itself', binary(0, Buffer.alloc(0), undefined, 0), proxy],
  ])('%s: the address of whom a proxy connects for is the client’s', async (_, header, address) => {
    const socket = dial(proxy)
    socket.write(header)
    expect(await ask(socket)).toMatch(/^HTTP\/1\.1 200 /)
    expect(told()).toBe(address)
  })

  test('a header in drips, and with the handshake in one packet', async () => {
    const socket = dial(proxy)
    socket.setNoDelay(true)
    for (const letter of 'PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r') {
      socket.write(letter)
      await new Promise((resolve) => setImmediate(resolve))
    }
    socket.cork()
    socket.write('\n')
    const heard = ask(socket)
    socket.uncork()
    expect(await heard).toMatch(/^HTTP\/1\.1 200 /)
    expect(told()).toBe('203.0.113.7')
  })

  test('a stranger cannot say whose address is theirs', async () => {
    const socket = dial('127.0.0.3')
    socket.write('PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n')
    expect(await ask(socket)).toBe('')
    expect(await ask(dial('127.0.0.3'))).toMatch(/^HTTP\/1\.1 200 /)
    expect(told()).toBe('127.0.0.3')
  })

  test('from a proxy a connection without a header is none, nor is one that takes its time', async () => {
    expect(await ask(dial(proxy))).toBe('')
    const slow = dial(proxy)
    slow.write('PROXY ')
    await ends(slow)
    await ends(dial(proxy))
    expect(lab.cores[0]!.asked).toEqual([])
  })
})
