import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { afterAll, expect, test } from 'vitest'
import { withoutLiterals } from '../../../core/host/tracing/statements.ts'
import { viewHome } from '../../../ops/appliance/home.ts'
import { readSettings } from '../../../ops/appliance/settings.ts'
import { readExposition } from '../../../ops/telemetry/exposition.ts'
import { figuresOf } from '../../../ops/telemetry/figures.ts'
import { headersOf } from '../../../ops/telemetry/told.ts'

/** What goes to a collector, part by part: figures as they were counted, statements without values, settings that are refused. */
const root = join(import.meta.dirname, '../../..')
const dir = mkdtempSync(join(tmpdir(), 'cr-figures-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('what a registry counts arrives with the same names, labels and values', async () => {
  const registers = [new Registry()]
  const odd = 'a "quoted"\\ one,\nand {more}'
  new Counter({ name: 'asked_total', help: 'One\\two\nthree.', labelNames: ['what'], registers }).inc({ what: odd }, 3)
  new Gauge({ name: 'depth', help: 'Depth.', registers }).set(-1.5)
  new Gauge({ name: 'process_start_time_seconds', help: 'Begin.', registers }).set(1_000_000)
  const took = new Histogram({ name: 'took_seconds', help: 'Time.', labelNames: ['way'], buckets: [0.1, 1], registers })
  for (const seconds of [0.05, 0.5, 0.7, 30]) took.observe({ way: 'there' }, seconds)
  took.observe({ way: 'back' }, 1)
  const figures = figuresOf(readExposition(await registers[0]!.metrics()), new Date(2_000_000_000))
  const of = (name: string) => figures.find(({ descriptor }) => descriptor.name === name)!
  expect(of('asked_total')).toMatchObject({
    descriptor: { description: 'One\\two\nthree.' },
    isMonotonic: true,
    dataPoints: [{ attributes: { what: odd }, value: 3, startTime: [1_000_000, 0], endTime: [2_000_000, 0] }],
  })
  expect(of('depth').dataPoints).toMatchObject([{ value: -1.5 }])
  expect(of('took_seconds').descriptor.unit).toBe('s')
  expect(of('took_seconds').dataPoints).toMatchObject([
    {
      attributes: { way: 'there' },
      value: { buckets: { boundaries: [0.1, 1], counts: [1, 2, 1] }, sum: 31.25, count: 4 },
    },
    { attributes: { way: 'back' }, value: { buckets: { boundaries: [0.1, 1], counts: [0, 1, 0] }, sum: 1, count: 1 } },
  ])
})

test('what is no exposition is refused, and a value that is no number is left out', () => {
  expect(() => readExposition('<html>')).toThrow('no sample')
  expect(() => readExposition('a{b=c} 1')).toThrow('labels that are none')
  expect(figuresOf(readExposition('# TYPE a gauge\na NaN\n'), new Date())).toEqual([])
})

test.each([
  ["select 'Ada' from t where n = 42 and m=$1", 'select ? from t where n = ? and m=$1'],
  ["insert into t values ('it''s', E'\\'x', 1.5, -3)", 'insert into t values (?, ?, ?, -?)'],
  ['do $$ begin perform 1; end $$', 'do ?'],
  ['do $tag$ secret $tag$; select sha256($2)', 'do ?; select sha256($2)'],
  ['select  x\n from   s1.t2', 'select x from s1.t2'],
])('of a statement nothing is told that may be a value: %s', (text, told) => {
  expect(withoutLiterals(text)).toBe(told)
})

test.each(['ops/appliance.ts', 'edge/worker.ts', 'core/host/serve.ts', 'core/host/work.ts'])(
  'without `telemetry` nothing of it is loaded with %s',
  (module) => {
    // What is imported without a condition; what begins to run is not of interest.
    const script = `
      const { registerHooks } = require('node:module')
      const seen = []
      registerHooks({ load(url, context, next) {
        if (/@opentelemetry\\/(?!api\\/)/.test(url)) seen.push(url)
        return url.endsWith('host/config.ts') ? { format: 'module', shortCircuit: true, source: 'export const configFileFromArguments = () => "", readConfig = () => { console.log(JSON.stringify(seenHere())); process.exit(0) }' } : next(url, context)
      } })
      globalThis.seenHere = () => seen
      import('${join(root, module)}').then(() => { console.log(JSON.stringify(seen)); process.exit(0) })`
    const words = ['--disable-warning=ExperimentalWarning', '-e', script]
    expect(JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' }))).toEqual([])
  },
)

const settings = (telemetry: object) => {
  writeFileSync(join(dir, 'countroom.json'), JSON.stringify({ telemetry }))
  return readSettings(viewHome(dir))
}

test('nothing is told without encryption beyond this machine, and half a wish is refused in words', () => {
  const { telemetry } = settings({ otlp: { endpoint: 'http://127.0.0.1:4318' } })
  expect(telemetry).toMatchObject({ traces: { share: 0.01 }, metrics: { everySeconds: 60 } })
  expect(() => settings({ otlp: { endpoint: 'http://collector.example:4318' } })).toThrow('https, or on loopback')
  expect(() => settings({ otlp: { endpoint: 'https://us:word@c.example' } })).toThrow('headersFile')
  expect(() => settings({ otlp: { endpoint: 'https://c.example' }, traces: { share: 2 } })).toThrow('share')
  expect(() => settings({ otlp: { endpoint: 'https://c.example' }, ratio: 1 })).toThrow('ratio')
})

test('headers that others could read, that are not there or are none are refused, and not repeated', () => {
  const headersFile = join(dir, 'headers')
  const read = () => headersOf(settings({ otlp: { endpoint: 'https://c.example', headersFile } }))
  expect(read).toThrow('cannot be read')
  writeFileSync(headersFile, 'authorization: Bearer a-secret\n')
  chmodSync(headersFile, 0o644)
  expect(read).toThrow('open to others')
  chmodSync(headersFile, 0o600)
  expect(read()).toEqual({ authorization: 'Bearer a-secret' })
  writeFileSync(headersFile, 'a-secret without a name\n')
  expect(read).toThrow(/something else than headers/)
  expect(read).not.toThrow(/a-secret/)
})
