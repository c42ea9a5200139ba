import { createSecretKey, randomBytes } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import * as keys from '#keys'
import { startTestKeys, type TestKeys } from '../support/keys.ts'
import { type Benchmark, type Figure, keepBusy, keepPace, median, percentile, type RunOptions } from './benchmark.ts'
import { rewrapOnline } from './keys/rewrap.ts'
import { machine } from './machine.ts'

const pairs = 5
const macsPerSecond = 1000
const fieldBytes = 200
const atOnce = 64

/**
 * What keys cost: a round trip to the agent and what it does to the event loop of who asks, sealing and opening with a data
 * key in hand, and a rotation of the key-encryption key under a hundred thousand data keys while others read and write.
 */
const benchmark: Benchmark = {
  name: 'keys',
  summary: 'round trips to the key agent, event-loop delay, seal and open, 100,000 data keys re-wrapped online',
  seconds: 4,
  async run(options) {
    const agent = await startTestKeys({ onDisk: true })
    try {
      const figures = [
        ...(await roundTrips(agent, options)),
        ...(await loopDelay(agent, options)),
        ...sealing(options),
        ...(await rewrapOnline(agent, options)),
      ]
      return { conditions: { ...machine('/tmp'), module: 'SoftHSM2', ...conditions }, figures }
    } finally {
      await agent.stop()
    }
  },
}
export default benchmark

const conditions = {
  'event-loop delay': `${pairs} pairs in turns, ${macsPerSecond} HMACs/s against as many empty calls`,
  field: `${fieldBytes} bytes, AES-256-GCM, one thread`,
}

/** One HMAC after another by one caller, and as many at once as a busy core has under way. */
async function roundTrips(agent: TestKeys, { seconds, say }: RunOptions): Promise<Figure[]> {
  const data = Buffer.from('email|v1|ada@example.com')
  const mac = () => agent.keys.mac('hk-email-index', data)
  await keepBusy(1, 1, mac)
  const alone = await keepBusy(1, seconds, mac)
  say(`one at a time: p50 ${(percentile(alone.latencies, 0.5) * 1000).toFixed(0)} µs`)
  const together = await keepBusy(atOnce, seconds, mac)
  return [
    { name: 'HMAC round trip, p50', value: percentile(alone.latencies, 0.5) * 1000, unit: 'µs', bar: '<=250' },
    { name: 'HMAC round trip, p99', value: percentile(alone.latencies, 0.99) * 1000, unit: 'µs' },
    { name: `HMACs, ${atOnce} under way`, value: together.perSecond, unit: '/s' },
  ]
}

/** The same pace with and without the agent, in turns: what differs is the agent's doing. */
async function loopDelay(agent: TestKeys, { seconds, say }: RunOptions): Promise<Figure[]> {
  const data = randomBytes(32)
  const found = { idle: [] as number[], busy: [] as number[] }
  for (let pair = 0; pair < pairs; pair++)
    for (const kind of ['idle', 'busy'] as const) {
      const delay = monitorEventLoopDelay({ resolution: 1 })
      delay.enable()
      await keepPace(macsPerSecond, seconds, () =>
        kind === 'busy' ? agent.keys.mac('hk-email-index', data) : Promise.resolve(),
      )
      delay.disable()
      found[kind].push(delay.percentile(99.9) / 1e6)
    }
  const [idle, busy] = [median(found.idle), median(found.busy)]
  say(`event-loop delay p99.9: ${idle.toFixed(2)} ms idle, ${busy.toFixed(2)} ms with HMACs`)
  return [
    { name: 'event-loop delay p99.9, idle control', value: idle, unit: 'ms' },
    { name: `event-loop delay p99.9, ${macsPerSecond} HMACs/s`, value: busy, unit: 'ms' },
    { name: 'event-loop delay p99.9, more than idle', value: busy - idle, unit: 'ms', bar: '<=1' },
  ]
}

function sealing({ seconds }: RunOptions): Figure[] {
  const dek = { version: 1, key: createSecretKey(randomBytes(32)) }
  const place = {
    player: 'plr_01k0000000000000000000000',
    purpose: 'contact',
    table: 'players.profiles',
    column: 'sealed',
    row: 'plr_01k0000000000000000000000',
  } as const
  const plaintext = randomBytes(fieldBytes)
  const figures = [false, true].flatMap((committing) => {
    const envelope = keys.sealUnder(dek, { ...place, plaintext, committing })
    const how = committing ? ', with key commitment' : ''
    const seal = rate(seconds, () => keys.sealUnder(dek, { ...place, plaintext, committing }))
    const open = rate(seconds, () => keys.openUnder(dek, { ...place, envelope }))
    return [
      { name: `seal${how}`, value: seal, unit: '/s' },
      { name: `open${how}`, value: open, unit: '/s' },
    ]
  })
  return figures.map((figure) => (figure.name.includes('commitment') ? figure : { ...figure, bar: '>=40000' as const }))
}

/** Calls per second of this thread, its collector's pauses included. */
function rate(seconds: number, call: () => unknown): number {
  for (let warm = 0; warm < 20_000; warm++) call()
  const startedMs = performance.now()
  let calls = 0
  while (performance.now() - startedMs < seconds * 1000) for (let i = 0; i < 100; i++, calls++) call()
  return calls / ((performance.now() - startedMs) / 1000)
}
