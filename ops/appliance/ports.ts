import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { exporterPorts } from './exporters.ts'
import { type Identity, nameOf } from './identity.ts'
import { defaultPorts, type PortName, type Ports, type Settings, variableOf } from './settings.ts'
import { Trouble } from './trouble.ts'

const publicPorts: readonly PortName[] = ['player', 'operator', 'partner', 'plain']
const dataPorts: readonly PortName[] = ['postgres', 'redis']
const exporterPortNames: readonly PortName[] = Object.values(exporterPorts)
const clusterPorts: readonly PortName[] = ['sentinel', 'patroni', 'etcd', 'etcdPeer']

/**
 * Ports that are free at the moment, for tests and for several appliances on one machine. They come from below the range
 * that the system gives to outgoing connections, so that none is taken that way between here and the listener.
 */
export async function freePorts(): Promise<Ports> {
  const held: Array<{ port: number; close(): Promise<void> }> = []
  const names = Object.keys(defaultPorts) as PortName[]
  while (held.length < names.length)
    await listen(randomInt(10_240, 32_768), '127.0.0.1').then(
      (one) => held.push(one),
      () => {},
    )
  await Promise.all(held.map(({ close }) => close()))
  return Object.fromEntries(names.map((name, i) => [name, held[i]!.port])) as Ports
}

/** The ports that something listens on, as it is set. */
export function portsInUse(settings: Settings): Partial<Ports> {
  return Object.fromEntries(Object.entries(settings.ports).filter(([name]) => hostOf(name as PortName, settings)))
}

/** @throws Trouble that names the first port that cannot be had */
export async function refuseTakenPorts(settings: Settings, nodes: Identity | undefined): Promise<void> {
  for (const [name, number] of Object.entries(portsInUse(settings)) as Array<[PortName, number]>) {
    if (nodes && number < firstOpenPort()) throw privileged(name, number, nameOf(nodes.uid))
    try {
      const { close } = await listen(number, hostOf(name, settings) ?? '127.0.0.1')
      await close()
    } catch (error) {
      throw refusal(error as NodeJS.ErrnoException, name, number, settings)
    }
  }
}

/** Where a port stands; nowhere, when nothing listens on it. */
function hostOf(name: PortName, settings: Settings): string | undefined {
  if (clusterPorts.includes(name) && !settings.cluster) return undefined
  if (exporterPortNames.includes(name) && !settings.exporters) return undefined
  if (name === 'plain' && settings.edge.acme?.proof !== 'http-01') return undefined
  const by = addressOf(name)
  return by === undefined ? '127.0.0.1' : settings[by]
}

/** The setting that says where a port stands; none, where it is always on loopback. */
function addressOf(name: PortName): 'address' | 'dataAddress' | 'metricsAddress' | undefined {
  if (publicPorts.includes(name)) return 'address'
  if (dataPorts.includes(name) || clusterPorts.includes(name)) return 'dataAddress'
  return name.endsWith('Scrape') ? 'metricsAddress' : undefined
}

function refusal(error: NodeJS.ErrnoException, name: PortName, number: number, settings: Settings): Error {
  if (error.code === 'EACCES') return privileged(name, number, nameOf(process.getuid?.()))
  if (error.code === 'EADDRINUSE')
    return new Trouble(`The port ${number} (${name}) is in use by another program.`, {
      setting: settingOf(name),
      remedy: `ss -ltnp 'sport = :${number}' names the program; or ${variableOf(name)}=<another port> npm start`,
      cause: error,
    })
  return new Trouble(
    `The address ${hostOf(name, settings)} with port ${number} (${name}) cannot be had (${error.code}).`,
    {
      setting: `"${addressOf(name) ?? 'ports'}" in countroom.json`,
      remedy: 'ip address, which lists the addresses of this machine',
      cause: error,
    },
  )
}

function privileged(name: PortName, number: number, user: string): Trouble {
  return new Trouble(`The port ${number} (${name}) needs a privilege that ${user} does not have.`, {
    setting: settingOf(name),
    remedy: `sysctl -w net.ipv4.ip_unprivileged_port_start=${number}, or ${variableOf(name)}=${defaultPorts[name]} npm start`,
  })
}

function settingOf(name: PortName): string {
  return `${variableOf(name)}, or "ports": {"${name}": …} in countroom.json`
}

/** Ports below it are for root only; our processes are not root, even when root started them. */
function firstOpenPort(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'))
  } catch {
    return 1024
  }
}

function listen(number: number, host: string): Promise<{ port: number; close(): Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen({ port: number, host }, () =>
      resolve({
        port: (server.address() as { port: number }).port,
        close: () => new Promise((done) => server.close(() => done())),
      }),
    )
  })
}
