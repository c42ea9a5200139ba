import { execFileSync } from 'node:child_process'
import type { Benchmark, Figure, RunOptions } from './benchmark.ts'
import { measureAccepting } from './edge/accepting.ts'
import { allFeatures, type Contestant, entries } from './edge/contestants.ts'
import { measureFeatures } from './edge/features.ts'
import { measureHandshakes } from './edge/handshakes.ts'
import { measureIdle } from './edge/idle.ts'
import { measureLatency } from './edge/latency.ts'
import { measureLimiter } from './edge/limiter.ts'
import { failure, measureRequests, reasonOf } from './edge/requests.ts'
import { exchanges, openTrack, type Track } from './edge/track.ts'
import { ask, connections } from './edge/wrk.ts'
import { processor } from './machine.ts'

/**
 * The edge beside proxies that operators know and libraries for Node, at the same work: TLS 1.3 with a P-256 key towards the
 * player, mutual TLS over kept connections to the origin, forwarded-for, a request id and an access log in a file. The first
 * figure is what a request costs the proxy in processor time: unlike requests per second, it does not depend on who asks.
 */
const benchmark: Benchmark = {
  name: 'edge',
  summary:
    'what a request costs the edge beside HAProxy, nginx, Caddy and libraries for Node; latency, handshakes, memory',
  seconds: 2,
  parts: ['small', 'post', 'large', 'features', 'latency', 'handshakes', 'idle', 'limiter', 'accepting'],
  async run(options) {
    const track = await openTrack()
    const contestants: Contestant[] = []
    try {
      const absent: Figure[] = []
      for (const entry of entries)
        await entry.start(track).then(
          (contestant) => void contestants.push(contestant),
          (error: Error) => void absent.push(failure(`start of ${entry.name}`, reasonOf(error))),
        )
      return { conditions: conditions(options), figures: [...absent, ...(await measure(track, contestants, options))] }
    } finally {
      await Promise.all(contestants.map((contestant) => contestant.stop()))
      await track.close()
    }
  },
}
export default benchmark

async function measure(track: Track, contestants: readonly Contestant[], options: RunOptions): Promise<Figure[]> {
  const wants = (part: string) => options.only === undefined || options.only === part
  const figures: Figure[] = []
  const beside = contestants.filter(({ name }) => name === allFeatures || name === 'HAProxy')
  for (const part of ['small', 'post', 'large'] as const)
    if (wants(part)) figures.push(...(await measureRequests(track, contestants, exchanges[part], options)))
  if (wants('features')) figures.push(...(await measureFeatures(track, contestants, options)))
  const ours = beside.find(({ name }) => name === allFeatures)
  if (wants('latency') && ours) {
    let most = 0 // of a few: what else the machine does takes away, and never adds
    for (let i = 0; i < 3; i++) {
      const { requests, seconds } = await ask(track, ours.port, exchanges.small, options.seconds)
      most = Math.max(most, requests / seconds)
    }
    figures.push(...(await measureLatency(track, beside, Math.round(most / 2), options)))
  }
  if (wants('handshakes')) figures.push(...(await measureHandshakes(track, beside, options)))
  if (wants('idle'))
    figures.push(
      ...(await measureIdle(
        track,
        entries.filter(({ name }) => beside.some((one) => one.name === name)),
        options,
      )),
    )
  if (wants('limiter')) figures.push(...measureLimiter())
  if (wants('accepting')) figures.push(...(await measureAccepting(options)))
  if (options.only === undefined) {
    const { requests, seconds } = await ask(track, track.directPort, exchanges.small, options.seconds)
    figures.unshift({ name: 'generator and origin by themselves', value: requests / seconds, unit: '/s' })
  }
  return figures
}

function conditions({ rounds, seconds }: RunOptions): Record<string, string> {
  const version = (command: string, ...args: string[]) =>
    /\d+\.\d+\.\d+/.exec(execFileSync('sh', ['-c', `${[command, ...args].join(' ')} 2>&1`], { encoding: 'utf8' }))?.[0]
  return {
    ...processor(),
    places: 'proxy alone on core 0; wrk and the origin (nginx) on core 1',
    work: 'TLS 1.3, P-256, AES-128-GCM in front; mutual TLS, kept alive, behind; forwarded-for, request id, access log',
    turns: `${rounds} rounds of ${seconds} s each by turns, after one to warm up; median (lowest to highest)`,
    'turns of features, latency': 'a quarter and a fifth of a second; the figure (where it lies in 95 of 100 cases)',
    connections: `${connections}; every answer compared byte for byte`,
    rivals: `HAProxy ${version('/usr/sbin/haproxy', '-v')}, nginx ${version('/usr/sbin/nginx', '-v')}, Caddy ${version('caddy', 'version')}`,
  }
}
