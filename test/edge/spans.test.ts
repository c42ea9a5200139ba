import { expect, test } from 'vitest'
import { until } from '../support/client.ts'
import { openCollector } from '../support/collector.ts'
import { openEdgeLab } from '../support/edge-lab.ts'

/** What the edge tells a collector of the requests that it follows, and what a core hears of it. */
test('the edge follows what it drew or whom it trusts, tells the core, and tells no path and no address', async () => {
  const collector = await openCollector()
  const { endpoint, caFile } = collector
  const lab = await openEdgeLab((_, response) => void response.writeHead(200).end('{}'), {
    cores: 1,
    also: {
      telemetry: { endpoint, caFile, instance: 'node-1/edge', share: 0 },
      visitors: { tracedNetworks: ['127.0.0.0/8'] },
    },
  })
  const [trace, parent] = ['1'.repeat(32), '2'.repeat(16)]
  const ask = (path: string, ...more: string[]) =>
    lab.say([`GET ${path} HTTP/1.1`, 'host: localhost', 'connection: close', ...more, '', ''].join('\r\n'))
  try {
    await ask('/api/rounds/of-somebody?secret=hidden', `traceparent: 00-${trace}-${parent}-01`)
    await ask('/api/me') // of those that begin here none is drawn
    await ask('/api/me', `traceparent: 00-${'3'.repeat(32)}-${parent}-00`) // whoever began it does not follow it
    const span = await until('the span', async () => collector.spans[0])
    expect(span).toMatchObject({ trace, parent, kind: 2, service: 'countroom-edge', instance: 'node-1/edge' })
    expect(span.attributes).toMatchObject({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'countroom.core': 'core-1',
      'countroom.face': 'player',
    })
    expect(span.name).toMatch(/^GET \/api\/rounds\//)
    const told = lab.cores[0]!.asked.map(({ headers }) => headers[headers.indexOf('traceparent') + 1]!)
    expect(told[0]).toBe(`00-${trace}-${span.id}-01`)
    for (const other of told.slice(1)) expect(other).toMatch(/-00$/)
    expect(
      await until(
        'the count',
        async () => /countroom_edge_spans_total\{outcome="sent"\} 1$/m.exec(await lab.metrics())?.[0],
        30,
      ),
    ).toBeTruthy()
    expect(collector.spans).toHaveLength(1)
    expect(collector.received()).not.toMatch(/of-somebody|hidden|127\.0\.0\.1/)
  } finally {
    await lab.stop()
    await collector.kill()
    collector.remove()
  }
})
