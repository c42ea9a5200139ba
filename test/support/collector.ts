import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

export type SeenSpan = {
  service: string
  instance: string
  trace: string
  id: string
  parent: string
  name: string
  /** 1 internal, 2 server, 3 client, 5 consumer. */
  kind: number
  startMs: number
  endMs: number
  attributes: Record<string, string | number | boolean>
  isFailed: boolean
}
export type SeenMetric = {
  instance: string
  name: string
  kind: 'gauge' | 'sum' | 'histogram' | 'other'
  points: number
}

/** A collector of OpenTelemetry over TLS that reads the protocol's own bytes, by a hand of its own, and remembers them all. */
export async function openCollector() {
  const dir = mkdtempSync(join(tmpdir(), 'cr-otlp-'))
  chmodSync(dir, 0o755)
  const [cert, key] = [join(dir, 'collector.pem'), join(dir, 'collector.key')]
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...name]
  execFileSync('openssl', [...words, '-keyout', key, '-out', cert], { stdio: 'pipe' })
  chmodSync(cert, 0o644)
  const spans: SeenSpan[] = []
  const metrics: SeenMetric[] = []
  const headers: string[] = []
  const bodies: Buffer[] = []
  let isFrozen = false
  let asked = 0
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
    asked++
    if (isFrozen) return
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const raw = Buffer.concat(chunks)
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
      headers.push(request.rawHeaders.join('\n'))
      bodies.push(body)
      if (request.url === '/v1/traces') spans.push(...spansIn(body))
      else if (request.url === '/v1/metrics') metrics.push(...metricsIn(body))
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `https://localhost:${(server.address() as AddressInfo).port}`,
    caFile: cert,
    spans,
    metrics,
    headers,
    /** All that came, headers and bodies. */
    received: () => `${headers.join('\n')}\n${Buffer.concat(bodies).toString('latin1')}`,
    get asked() {
      return asked
    },
    /** From now on it takes what comes and never answers. */
    freeze() {
      isFrozen = true
    },
    thaw() {
      isFrozen = false
      server.closeAllConnections()
    },
    /** Nobody listens any more. */
    kill: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}

type Message = Map<number, Array<Buffer | bigint>>

function spansIn(body: Buffer): SeenSpan[] {
  return groups(body).flatMap(({ resource, items }) =>
    items.map((span) => ({
      service: String(resource['service.name']),
      instance: String(resource['service.instance.id']),
      trace: bytes(span, 1).toString('hex'),
      id: bytes(span, 2).toString('hex'),
      parent: bytes(span, 4).toString('hex'),
      name: bytes(span, 5).toString(),
      kind: Number(span.get(6)?.[0] ?? 0n),
      startMs: Number(span.get(7)?.[0] ?? 0n) / 1e6,
      endMs: Number(span.get(8)?.[0] ?? 0n) / 1e6,
      attributes: attributesOf(span, 9),
      isFailed: messageOf(bytes(span, 15)).get(3)?.[0] === 2n,
    })),
  )
}

function metricsIn(body: Buffer): SeenMetric[] {
  const kinds = { 5: 'gauge', 7: 'sum', 9: 'histogram' } as const
  return groups(body).flatMap(({ resource, items }) =>
    items.map((metric) => {
      const field = ([5, 7, 9] as const).find((one) => metric.has(one))
      const data = field ? messageOf(bytes(metric, field)) : new Map()
      return {
        instance: String(resource['service.instance.id']),
        name: bytes(metric, 1).toString(),
        kind: field ? kinds[field] : ('other' as const),
        points: data.get(1)?.length ?? 0,
      }
    }),
  )
}

/** Spans and metrics lie alike: in scopes, in resources. */
function groups(body: Buffer) {
  return all(messageOf(body), 1).flatMap((ofResource) => {
    const resource = attributesOf(messageOf(bytes(ofResource, 1)), 1)
    return all(ofResource, 2).map((ofScope) => ({ resource, items: all(ofScope, 2) }))
  })
}

function attributesOf(message: Message, field: number): Record<string, string | number | boolean> {
  return Object.fromEntries(
    all(message, field).map((pair) => {
      const value = messageOf(bytes(pair, 2))
      const text = value.get(1)?.[0]
      const number = value.get(3)?.[0]
      const real = value.get(4)?.[0]
      return [
        bytes(pair, 1).toString(),
        text !== undefined
          ? text.toString()
          : number !== undefined
            ? Number(number)
            : real !== undefined
              ? asDouble(real as bigint)
              : value.get(2)?.[0] === 1n,
      ]
    }),
  )
}

function asDouble(bits: bigint): number {
  const eight = Buffer.alloc(8)
  eight.writeBigUInt64LE(bits)
  return eight.readDoubleLE()
}

function all(message: Message, field: number): Message[] {
  return (message.get(field) ?? []).map((one) => messageOf(one as Buffer))
}

function bytes(message: Message, field: number): Buffer {
  return (message.get(field)?.[0] as Buffer | undefined) ?? Buffer.alloc(0)
}

/** The wire format of Protocol Buffers: fields by their numbers. */
function messageOf(buffer: Buffer): Message {
  const message: Message = new Map()
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = buffer[at++]
      if (byte === undefined) throw new Error('a number that does not end')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const taken = (length: number) => {
    at += length
    return buffer.subarray(at - length, at)
  }
  const read: Record<number, () => Buffer | bigint> = {
    0: varint,
    1: () => taken(8).readBigUInt64LE(),
    2: () => taken(Number(varint())),
    5: () => BigInt(taken(4).readUInt32LE()),
  }
  while (at < buffer.length) {
    const tag = Number(varint())
    const value = read[tag & 7]!()
    message.set(tag >> 3, [...(message.get(tag >> 3) ?? []), value])
  }
  return message
}
