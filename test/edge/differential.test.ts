import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../support/client.ts'
import { type EdgeLab, openEdgeLab } from '../support/edge-lab.ts'
import { freePort } from '../support/port.ts'
import { host, lines, refused, taken } from './raw-requests.ts'

/**
 * Second opinions: what HAProxy and nginx pass on of the same bytes. The edge may be stricter than they are and never laxer: what either of them
 * keeps from its origin, the edge keeps from its core, and whatever all three pass on, all three read alike.
 */
const dir = mkdtempSync(join(tmpdir(), 'cr-diff-'))
let lab: EdgeLab
type Asked = { method: string; url: string; body: string }
type Other = { port: number; process: ChildProcess; origin: Origin }
type Origin = { server: Server; port: number; heard: Asked[] }
const others: Other[] = []

beforeAll(async () => {
  const limits = { headersSecondsMax: 1, requestSecondsMax: 1 }
  lab = await openEdgeLab((_, response) => response.end('{}'), { cores: 1, limits })
  const [first, second] = [await openOrigin(), await openOrigin()]
  const [haproxy, nginx] = [await freePort(), await freePort()]
  writeFileSync(
    join(dir, 'haproxy.cfg'),
    `global
  nbthread 1
defaults
  mode http
  option httpclose
  timeout connect 2s
  timeout client 2s
  timeout server 2s
  timeout http-request 1s
frontend f
  bind 127.0.0.1:${haproxy}
  default_backend b
backend b
  server o 127.0.0.1:${first.port}
`,
  )
  writeFileSync(
    join(dir, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${dir}/nginx.pid; error_log ${dir}/error.log;
events { worker_connections 64; }
http { access_log off; client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
  client_header_timeout 1s; keepalive_timeout 0; client_body_timeout 1s;
  server { listen 127.0.0.1:${nginx}; location / { proxy_pass http://127.0.0.1:${second.port}; proxy_http_version 1.1; proxy_set_header Host $host; } } }
`,
  )
  const start = (origin: Origin, port: number, command: string, ...words: string[]) =>
    others.push({ port, origin, process: spawn(command, words, { stdio: 'ignore' }) })
  start(first, haproxy, '/usr/sbin/haproxy', '-f', join(dir, 'haproxy.cfg'))
  start(second, nginx, '/usr/sbin/nginx', '-p', dir, '-c', join(dir, 'nginx.conf'))
  for (const { port } of others)
    await until('both proxies', async () =>
      (await say(port, lines('GET / HTTP/1.1', host, 'connection: close'))) !== '' ? true : undefined,
    )
})
afterAll(async () => {
  for (const { process, origin } of others) {
    process.kill()
    origin.server.close()
  }
  await lab?.stop()
  rmSync(dir, { recursive: true, force: true })
})

function openOrigin(): Promise<Origin> {
  const heard: Asked[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      heard.push({ method: request.method!, url: request.url!, body: Buffer.concat(chunks).toString('latin1') })
      response.end('{}')
    })
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ server, heard, port: (server.address() as AddressInfo).port }))
  })
}

function say(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let said = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from(bytes, 'latin1')))
    socket.setTimeout(10_000, () => socket.destroy())
    socket.on('data', (chunk) => {
      said += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(said))
  })
}

type Row = { what: string; edge: Asked[]; others: Asked[][] }

async function compare(what: string, bytes: string): Promise<Row> {
  for (const core of lab.cores) core.asked.length = 0
  for (const { origin } of others) origin.heard.length = 0
  await Promise.all([lab.say(Buffer.from(bytes, 'latin1'), 10_000), ...others.map(({ port }) => say(port, bytes))])
  const edge = lab.cores.flatMap(({ asked }) => asked).map(({ method, url, body }) => ({ method, url, body }))
  return { what, edge, others: others.map(({ origin }) => [...origin.heard]) }
}

test('the edge is never laxer than HAProxy or nginx, and reads what all pass on as they do [GLI-B.4.3d] [S57]', {
  timeout: 240_000,
}, async () => {
  const rows: Row[] = []
  for (const [what, bytes] of [...refused, ...taken, ...more]) rows.push(await compare(what, bytes))
  const passes = (asked: Asked[]) => (asked.length > 0 ? 'passes it on' : 'refuses')
  const differing = rows.filter(({ edge, others }) => others.some((each) => passes(each) !== passes(edge)))
  const table = differing.map(
    ({ what, edge, others: [haproxy = [], nginx = []] }) =>
      `| ${what} | ${passes(edge)} | ${passes(haproxy)} | ${passes(nginx)} |`,
  )
  const text = `${['# Second opinions', '', 'What the edge, HAProxy and nginx of Debian 12 pass on of the same bytes, where they differ; written by `test/edge/differential.test.ts`.', '', '| request | edge | HAProxy | nginx |', '|---|---|---|---|', ...table].join('\n')}\n`
  await expect(text).toMatchFileSnapshot(join(import.meta.dirname, '../../docs/second-opinions.md'))
  for (const { what, edge, others: each } of rows) {
    if (edge.length === 0) continue
    expect(
      each.filter((asked) => asked.length === 0),
      `${what}: one of the others refuses it`,
    ).toEqual([])
    for (const asked of each) expect(asked, what).toEqual(edge)
  }
})

/** Beyond the lists: ordinary requests, each with one thing changed. */
const more: Array<readonly [string, string]> = [
  ['a plain request', lines('GET /a HTTP/1.1', host, 'connection: close')],
  ['a header without a value', lines('GET /a HTTP/1.1', host, 'x-empty:', 'connection: close')],
  ['a header with spaces around its value', lines('GET /a HTTP/1.1', host, 'x:  y  ', 'connection: close')],
  ['a tab in a value', lines('GET /a HTTP/1.1', host, 'x: a\tb', 'connection: close')],
  ['a percent sign in a query', lines('GET /a?b=%2f%5c HTTP/1.1', host, 'connection: close')],
  ['a colon in a path', lines('GET /a:b HTTP/1.1', host, 'connection: close')],
  ['a semicolon in a path', lines('GET /a;b=c HTTP/1.1', host, 'connection: close')],
  ['a tilde and an encoded one', lines('GET /~a%7e HTTP/1.1', host, 'connection: close')],
  ['an address of IPv6 as Host', lines('GET /a HTTP/1.1', 'host: [::1]:8443', 'connection: close')],
  ['a port beside the host', lines('GET /a HTTP/1.1', 'host: localhost:8443', 'connection: close')],
  ['a length of nothing', `${lines('POST /a HTTP/1.1', host, 'content-length: 0', 'connection: close')}`],
  ['PUT with a body', `${lines('PUT /a HTTP/1.1', host, 'content-length: 2', 'connection: close')}ab`],
  ['DELETE with a body', `${lines('DELETE /a HTTP/1.1', host, 'content-length: 2', 'connection: close')}ab`],
]
