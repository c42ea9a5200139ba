import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EdgeLab, openEdgeLab } from '../../support/edge-lab.ts'

/** Limits as a client meets them, with two workers that count together. */
let lab: EdgeLab
beforeAll(async () => {
  const rules = [
    { name: 'network', by: 'network', quota: 1000, windowSeconds: 1 },
    { name: 'sign-in', by: 'network', classes: ['sign-in'], quota: 6, windowSeconds: 600 },
    { name: 'try-out', by: 'network', classes: ['report'], quota: 1, windowSeconds: 600, shadow: true },
  ]
  lab = await openEdgeLab((_, response) => response.end('{}'), {
    cores: 1,
    workers: 2,
    limits: { rules, inFlightSessionMax: 2 },
  })
})
afterAll(() => lab?.stop())

const ask = (line: string, ...more: string[]) =>
  lab.say([line, 'host: localhost', 'connection: close', 'content-length: 0', ...more, '', ''].join('\r\n'))

test('all workers of a host let in together exactly what a rule does, and say when to come again', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask('POST /api/sessions HTTP/1.1')))
  const refused = answers.filter((answer) => answer.startsWith('HTTP/1.1 429'))
  expect(refused).toHaveLength(14)
  const [one] = refused
  expect(one).toMatch(/\r\nratelimit-policy: "sign-in";q=6;w=600\r\n/)
  const [, reset] = /\r\nratelimit: "sign-in";r=0;t=(\d+)\r\n/.exec(one!)!
  const [, retry] = /\r\nretry-after: (\d+)\r\n/.exec(one!)!
  expect(Number(retry)).toBeGreaterThanOrEqual(Number(reset))
  expect(Number(retry)).toBeLessThanOrEqual(100)
  expect(JSON.parse(one!.split('\r\n\r\n')[1]!)).toMatchObject({
    code: 'edge.too_many_requests',
    'violated-policies': ['sign-in'],
  })
  const admitted = answers.filter((answer) => answer.startsWith('HTTP/1.1 200'))
  expect(admitted[0]).toMatch(/\r\nratelimit: "sign-in";r=\d;t=\d+\r\n/)
})

test('a rule in shadow refuses nobody, and metrics say whom it would have', async () => {
  for (let i = 0; i < 3; i++) expect(await ask('GET /api/rounds HTTP/1.1')).toMatch(/^HTTP\/1\.1 200/)
  const text = await lab.metrics()
  expect(text).toMatch(/countroom_edge_shadowed_total\{rule="try-out"\} 2/)
})

test('a page says nothing of limits', async () => {
  expect(await ask('GET / HTTP/1.1')).not.toContain('ratelimit')
})
