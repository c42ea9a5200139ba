import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../support/port.ts'
import { ourCommand } from './ours.ts'
import { type Pinned, proxyCore, startPinned } from './pinned.ts'
import { caddyfile, haproxyConf, nginxConf } from './servers.ts'
import { listening, type Track } from './track.ts'

export type Contestant = Pinned & { name: string; port: number }

export type Entry = { name: string; start(track: Track): Promise<Contestant> }

const libraries = {
  undici: 'bare undici dispatch',
  httpxy: 'httpxy',
  fastify: '@fastify/http-proxy',
  'http-proxy-3': 'http-proxy-3',
  hono: 'hono/proxy',
}

const programs = join(import.meta.dirname, 'programs')

export const allFeatures = 'Countroom edge'
export const noFeatures = 'Countroom edge, all off'

/** Anchors from the distribution, libraries for Node, and ours with everything on and with everything off. */
export const entries: readonly Entry[] = [
  entry(allFeatures, (track, port) => ourCommand(track, port, 'on')),
  entry('HAProxy', (track, port) => [
    '/usr/sbin/haproxy',
    '-db',
    '-f',
    written(track, 'haproxy.cfg', haproxyConf(track, port)),
  ]),
  entry(noFeatures, (track, port) => ourCommand(track, port, 'off')),
  entry('nginx', (track, port) => [
    '/usr/sbin/nginx',
    '-p',
    track.dir,
    '-c',
    written(track, 'nginx.conf', nginxConf(track, port)),
  ]),
  entry('Caddy', (track, port) => [
    ...['env', 'GOMAXPROCS=1', `HOME=${track.dir}`, 'caddy', 'run', '--adapter', 'caddyfile', '--config'],
    written(track, 'Caddyfile', caddyfile(track, port)),
  ]),
  ...Object.entries(libraries).map(([program, name]) =>
    entry(name, (track, port) => [
      process.execPath,
      join(programs, `${program}.ts`),
      JSON.stringify({ ...track, port, log: track.file(`${program}.access.log`) }),
    ]),
  ),
]

function entry(name: string, command: (track: Track, port: number) => Promise<string[]> | string[]): Entry {
  return {
    name,
    async start(track) {
      const port = await freePort()
      const output = track.file(`${name.replaceAll(/\W+/g, '-')}.log`)
      const pinned = startPinned(proxyCore, await command(track, port), output)
      await listening(port).catch((cause) => {
        throw new Error(`${name} does not start: ${readFileSync(output, 'utf8').slice(-2000)}`, { cause })
      })
      return { ...pinned, name, port }
    },
  }
}

function written(track: Track, name: string, text: string): string {
  writeFileSync(track.file(name), text)
  return track.file(name)
}
