import { execFileSync } from 'node:child_process'
import { createReadStream, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AccessLog } from '../../edge/log/access-log.ts'
import { LineWriter } from '../../edge/log/line-writer.ts'

/** Every request leaves one line of JSON, whatever stands in it, and no line is lost or torn at the end. */
let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'cr-log-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const access = {
  requestId: 'req_1',
  listener: 'player',
  method: 'GET',
  path: '/api/games',
  route: '(page)',
  class: 'page',
  network: '192.0.2.0/24',
  status: 200,
  core: 'core-1',
  tries: 1,
  ms: 3,
} as const

test('a line is JSON with a time, also where a path tries to write lines of its own [S50]', async () => {
  const file = join(dir, 'access')
  const log = new AccessLog('edge', openSync(file, 'a'))
  const paths = ['/api/games', '/a"}\n{"level":30,"forged":"', '/\u2028é\\', '/\0']
  const beganMs = Date.now()
  for (const path of paths) log.note({ ...access, path })
  await log.close()
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const entries = lines.map((line) => JSON.parse(line))
  expect(entries.map(({ path }) => path)).toEqual(paths)
  for (const entry of entries) {
    expect(entry).toMatchObject({ ...access, path: entry.path, level: 30, name: 'edge', worker: process.pid })
    const at = Date.parse(entry.time)
    expect(new Date(at).toISOString()).toBe(entry.time)
    expect(at).toBeGreaterThanOrEqual(beganMs)
    expect(at).toBeLessThanOrEqual(Date.now())
  }
})

test.each(['a file', 'a pipe'])('lines come whole and in order over many batches into %s', async (kind) => {
  const path = join(dir, kind)
  if (kind === 'a pipe') execFileSync('mkfifo', [path])
  const descriptor = openSync(path, kind === 'a pipe' ? 'r+' : 'a')
  const writer = new LineWriter(descriptor)
  const count = 20_000
  let heard = ''
  const reading = kind === 'a pipe' ? createReadStream(path, 'latin1').on('data', (text) => (heard += text)) : undefined
  const last = `${count - 1} ${'x'.repeat((count - 1) % 50)}\n`
  for (let i = 0; i < count; i++) {
    writer.write(`${i} ${'x'.repeat(i % 50)}\n`)
    if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  for (;;) {
    writer.flush()
    if (kind === 'a file') heard = readFileSync(path, 'latin1')
    if (heard.endsWith(last)) break
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await writer.close()
  const numbers = heard
    .trimEnd()
    .split('\n')
    .map((line) => Number.parseInt(line, 10))
  expect(numbers).toEqual(Array.from({ length: count }, (_, i) => i))
  expect(writer.dropped).toBe(0)
  reading?.destroy()
  writeSync(descriptor, kind === 'a pipe' ? '\n' : '') // wakes who reads, so that it ends
})

test('who ends while a batch is being written writes each line once', async () => {
  const path = join(dir, 'ending')
  execFileSync('mkfifo', [path])
  const descriptor = openSync(path, 'r+')
  const writer = new LineWriter(descriptor)
  const lines = Array.from({ length: 4000 }, (_, i) => `${i}\n`)
  for (const line of lines) writer.write(line)
  writer.flush() // a thread writes it, and nobody has heard yet that it is out
  writer.write('the last\n')
  let heard = ''
  const reading = createReadStream(path, 'latin1').on('data', (text) => (heard += text))
  await writer.close()
  while (!heard.includes('the last\n')) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(heard).toBe(`${lines.join('')}the last\n`)
  reading.destroy()
  writeSync(descriptor, '\n')
})
