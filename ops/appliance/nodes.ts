import { join } from 'node:path'
import { connectKeys } from '#keys'
import { sharedLabel } from '#pki'
import { membersOf } from '../failover/members.ts'
import { telemetryOf } from '../telemetry/told.ts'
import { carriersOf } from './carriers.ts'
import { coreNames, kindOf, workName } from './components.ts'
import { credentialOf } from './credentials.ts'
import { type Home, isInstalled } from './home.ts'
import { repository, type Users } from './identity.ts'
import { credentials, handedPin, moduleConfig } from './module.ts'
import { configurationMode, configurationOwner } from './ownership.ts'
import { confinement, coreMay, networkFiles, workerMay } from './permission.ts'
import { roles, socketPortOf } from './postgres.ts'
import { onMismatchOf } from './program.ts'
import type { PortName, Settings } from './settings.ts'
import { agentRoles, agentSocket, edgeAdminSocket, postgresFolder, redisSocket } from './sockets.ts'
import type { Unit } from './supervisor.ts'
import { wordsOf } from './trouble.ts'

type Address = { host: string; port: number }

const loopback = (port: number): Address => ({ host: '127.0.0.1', port })

export function originsOf({ hostName, ports }: Settings) {
  return {
    player: `https://${hostName}:${ports.player}`,
    operator: `https://${hostName}:${ports.operator}`,
    partner: `https://${hostName}:${ports.partner}`,
  }
}

/**
 * The key agent: the only process with an add-on. `pin` where somebody typed it. `alone`: beside nothing else, it takes no port, since another
 * appliance may have it; by its own socket it is known.
 */
export function keysUnit(
  home: Home,
  settings: Settings,
  users: Users,
  {
    firstStart,
    pin,
    alone,
  }: { firstStart?: 'create' | 'join' | 'refuse'; pin?: string | undefined; alone?: true } = {},
): Unit {
  const config = {
    name: 'keys',
    stateDir: home.path('token/state'),
    ...moduleConfig(home, settings, users),
    firstStart: firstStart ?? (isInstalled(home) ? 'refuse' : 'create'),
    sockets: Object.fromEntries(agentRoles.map((role) => [role, agentSocket(home, role)])),
    clients: { crl: home.path('tls/revoked.pem') },
    listen: alone ? {} : { metrics: loopback(settings.ports.keysMetrics) },
    log: { level: settings.logLevel },
  }
  const unit = node(home, 'keys', 'key agent', 'core/keys/agent/serve.ts', config, users, settings.ports.keysMetrics)
  const told = pin ?? handedPin(settings, users)
  return {
    ...unit,
    ...(alone ? { probe: () => askAgent(home) } : {}),
    environment: { ...unit.environment, ...credentials() },
    ...(told === undefined ? {} : { input: `${told}\n` }),
  }
}

export function sandboxUnit(home: Home, settings: Settings, users: Users): Unit {
  const { ports } = settings
  const config = {
    name: 'sandbox',
    listen: {
      web: loopback(ports.sandboxWeb),
      smtp: loopback(ports.sandboxSmtp),
      metrics: loopback(ports.sandboxMetrics),
    },
    partner: { url: originsOf(settings).partner, caFile: home.path('tls/ca.pem') },
    bounces: loopback(ports.workBounces),
    gateway: { secretFile: credentialOf(home, 'sandbox', 'gateway-sandbox') },
    carrier: {
      secretFile: credentialOf(home, 'sandbox', 'carrier-sandbox'),
      receiptSecretFile: credentialOf(home, 'sandbox', 'carrier-sandbox-receipts'),
    },
  }
  return node(home, 'sandbox', 'plays the outside', 'ops/sandbox/serve.ts', config, users, ports.sandboxMetrics)
}

export function workUnit(home: Home, settings: Settings, users: Users): Unit {
  const name = workName(settings)
  const common = nodeConfig(home, settings, name, 'work')
  const { auditShipTo: ship } = settings
  const config = {
    ...common,
    audit: { ...common.audit, ...(ship ? { ship } : {}) },
    ...telemetryOf(home, settings, users, 'work', name),
    listen: {
      metrics: loopback(settings.ports.workMetrics),
      bounces: loopback(settings.ports.workBounces),
      ...scrapeOf(settings, 'workScrape'),
    },
  }
  const may = workerMay(home, name, settings)
  return node(home, name, 'jobs', 'core/host/work.ts', config, users, settings.ports.workMetrics, may)
}

export function coreUnits(home: Home, settings: Settings, users: Users): Unit[] {
  return coreNames(settings).map((name, i) => coreUnit(home, settings, name, i === 0 ? 1 : 2, users))
}

function coreUnit(home: Home, settings: Settings, name: string, number: 1 | 2, users: Users): Unit {
  const metrics = loopback(settings.ports[`core${number}Metrics`])
  const listen = { ...facesOf(settings, number), metrics, ...scrapeOf(settings, `core${number}Scrape`) }
  const networks = networkFiles(settings)
  const telemetry = telemetryOf(home, settings, users, 'core', name)
  const config = { ...nodeConfig(home, settings, name, 'core'), networks, listen, ...telemetry }
  const may = coreMay(home, name, settings)
  return node(home, name, 'player, operator, partner', 'core/host/serve.ts', config, users, listen.metrics.port, may)
}

export function edgeUnit(home: Home, settings: Settings, users: Users): Unit {
  const config = edgeConfig(home, settings, users)
  // Its workers are processes of their own, so the permission model is not for it; add-ons it can do without, they inherit that.
  const flags = ['--no-addons']
  return node(home, 'edge', 'public HTTPS', 'edge/serve.ts', config, users, settings.ports.edgeMetrics, flags)
}

/** All that the edge is told, as `run/edge.json` has it. */
export function edgeConfig(home: Home, settings: Settings, users: Users): Record<string, unknown> {
  const open = (port: number) => ({
    host: settings.address,
    port,
    cert: home.path('tls/public.pem'),
    key: home.path('tls/public.key'),
  })
  const { ports } = settings
  const { certificates = [], proxies = [], networks = {}, acme, tickets, ...sections } = settings.edge
  return {
    name: 'edge',
    workers: settings.edgeWorkers,
    tls: tlsOf(home, 'edge'),
    listeners: {
      player: { ...open(ports.player), certificates, proxies, networks: networks.player },
      operator: {
        ...open(ports.operator),
        networks: andLoopback(networks.operator),
        ...(settings.operatorCertificates ? { people: ['staff', 'auditor'] } : {}),
      },
      partner: { ...open(ports.partner), networks: andLoopback(networks.partner) },
    },
    cores: coresOf(settings),
    listen: { metrics: loopback(ports.edgeMetrics), ...scrapeOf(settings, 'edgeScrape'), admin: edgeAdminSocket(home) },
    ...redisOfEdge(home, settings),
    ...(acme ? { acme: acmeOfEdge(home, settings, acme) } : {}),
    tickets: { ...tickets, secretFile: credentialOf(home, 'edge', 'edge-tickets') },
    ...sections,
    ...telemetryOf(home, settings, users, 'edge', 'edge'),
    log: { level: settings.logLevel },
  }
}

/** This machine asks both faces itself, by loopback: an edge renews its certificates there, the sandbox tells what became of payments. */
function andLoopback(networks: readonly string[] | undefined): readonly string[] | undefined {
  return networks && [...networks, '127.0.0.0/8', '::1/128']
}

/** Proofs by plain HTTP are found where the world's port 80 leads. */
function acmeOfEdge(home: Home, { address: host, ports }: Settings, acme: NonNullable<Settings['edge']['acme']>) {
  const listen = acme.proof === 'http-01' ? { listen: { host, port: ports.plain } } : {}
  return { ...acme, dir: home.path('acme'), ...listen }
}

/** Where the edges of several machines count together. */
function redisOfEdge(home: Home, { cluster, dataAddress: host, edgeNode, ports }: Settings): object {
  const who = { user: 'edge', passwordFile: credentialOf(home, 'edge', 'redis-edge') }
  if (edgeNode) {
    const sentinels = edgeNode.nodes.map((node) => ({ host: node, port: ports.sentinel }))
    return { redis: { sentinels, component: sharedLabel('redis'), hostsMin: edgeNode.addresses.length, ...who } }
  }
  const component = cluster ? sharedLabel('redis') : 'redis'
  return host === undefined ? {} : { redis: { host, port: ports.redis, component, ...who } }
}

/** Which process answers on which management port. */
export function managementPorts(ports: Record<string, number>): Array<{ name: string; port: number }> {
  const names: Record<string, string> = {
    core1Metrics: 'core-1',
    core2Metrics: 'core-2',
    workMetrics: 'work-1',
    edgeMetrics: 'edge',
    keysMetrics: 'keys',
    sandboxMetrics: 'sandbox',
  }
  return Object.entries(names).flatMap(([key, name]) => {
    const port = ports[key]
    return port === undefined ? [] : [{ name, port }]
  })
}

/** Undefined when a process answers that it is ready, else what it says it misses. */
export async function askReady(port: number): Promise<string | undefined> {
  const answer = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(3000) }).catch(
    (error: Error) => error,
  )
  if (answer instanceof Error) return `no answer on management port ${port}`
  if (answer.status === 200) {
    await answer.body?.cancel()
    return undefined
  }
  const { missing } = (await answer.json().catch(() => ({}))) as { missing?: string[] }
  return `not ready${missing?.length ? `, missing: ${missing.join(', ')}` : ` (${answer.status})`}`
}

/** Undefined when the key agent of this very home answers. */
async function askAgent(home: Home): Promise<string | undefined> {
  const keys = connectKeys({ socket: agentSocket(home, 'ops'), deadlineMs: 2000 })
  try {
    await keys.statusOfCeremony()
    return undefined
  } catch (error) {
    return wordsOf(error)
  } finally {
    await keys.close()
  }
}

function nodeConfig(home: Home, settings: Settings, name: string, role: 'core' | 'work') {
  return {
    name,
    home: home.dir,
    origins: originsOf(settings),
    database: {
      ...databaseOf(home, settings),
      database: 'countroom',
      ...(role === 'core'
        ? { user: roles.app, passwordFile: credentialOf(home, 'core', 'postgres-app') }
        : { user: roles.work, passwordFile: credentialOf(home, 'work', 'postgres-work') }),
      poolMax: settings.databasePoolMax,
    },
    redis: {
      ...redisOf(home, settings),
      passwordFile: credentialOf(home, role, 'redis'),
    },
    keys: { socket: agentSocket(home, role), role },
    program: { node: settings.nodeName, manifest: home.path('manifest'), onMismatch: onMismatchOf(settings) },
    tls: tlsOf(home, name),
    pki: { certificateHours: settings.certificateHours },
    operatorCertificates: settings.operatorCertificates,
    lanes: { count: settings.lanesPerCore },
    ledger: { monthsAttached: settings.ledgerMonthsAttached },
    audit: {
      ...(settings.logName ? { origin: settings.logName } : {}),
      witnesses: settings.logWitnesses,
      archived: settings.auditArchiveTo !== undefined,
    },
    brand: settings.brandName,
    factors: { totpWindow: settings.appCodeWindow },
    ...carriersOf(home, settings, role),
    gateways: {
      sandbox: {
        url: `http://127.0.0.1:${settings.ports.sandboxWeb}`,
        secretFile: credentialOf(home, role, 'gateway-sandbox'),
      },
    },
    log: { level: settings.logLevel },
  }
}

function databaseOf(home: Home, settings: Settings) {
  const { cluster, dataAddress, ports } = settings
  if (dataAddress === undefined) return { host: postgresFolder(home), port: socketPortOf(home) }
  if (!cluster) return { host: dataAddress, port: ports.postgres, component: 'postgres' }
  return {
    host: dataAddress,
    port: ports.postgres,
    members: membersOf(cluster, ports),
    component: sharedLabel('postgres'),
  }
}

function redisOf(home: Home, { cluster, dataAddress, ports }: Settings) {
  if (dataAddress === undefined) return { socket: redisSocket(home) }
  if (!cluster) return { host: dataAddress, port: ports.redis, component: 'redis' }
  const sentinels = cluster.addresses.map((host) => ({ host, port: ports.sentinel }))
  return { host: dataAddress, port: ports.redis, sentinels, component: sharedLabel('redis') }
}

function tlsOf(home: Home, name: string) {
  const file = (of: string) => home.path('tls', of)
  return { ca: file('ca.pem'), cert: file(`${name}.pem`), key: file(`${name}.key`), crl: file('revoked.pem') }
}

/** Where metrics are collected from other machines, if they are. */
function scrapeOf({ metricsAddress, ports }: Settings, name: PortName): { scrape?: Address } {
  return metricsAddress === undefined ? {} : { scrape: { host: metricsAddress, port: ports[name] } }
}

/** Every core that an edge may ask: those of this node, or of all nodes of the cluster. */
/** Every core of a casino, and where its faces are. */
export function coresOf(settings: Settings): Array<{ name: string } & ReturnType<typeof facesOf>> {
  const addresses = settings.cluster?.addresses ?? settings.edgeNode?.nodes
  const firstNumber = settings.cluster?.firstNumber ?? 1
  const nodes = addresses
    ? addresses.map((_, i) => ({ ...settings, cluster: { addresses, node: i + 1, firstNumber } }))
    : [settings]
  return nodes.flatMap((of) => coreNames(of).map((name, i) => ({ name, ...facesOf(of, i === 0 ? 1 : 2) })))
}

/** Where the faces of a node's first or second core are; in a cluster the edges of all machines come to them. */
function facesOf({ cluster, ports }: Settings, number: 1 | 2) {
  const host = cluster?.addresses[cluster.node - 1] ?? '127.0.0.1'
  return {
    player: { host, port: ports[`core${number}Player`] },
    operator: { host, port: ports[`core${number}Operator`] },
    partner: { host, port: ports[`core${number}Partner`] },
  }
}

function node(
  home: Home,
  name: string,
  role: string,
  module: string,
  config: object,
  users: Users,
  metricsPort: number,
  flags: string[] = [],
): Unit {
  const kind = kindOf(name)
  if (!kind) throw new Error(`there is no kind of process for ${name}`)
  const owner = configurationOwner(users, kind)
  home.write(`run/${name}.json`, `${JSON.stringify(config, null, 2)}\n`, configurationMode, owner)
  return {
    name,
    role,
    command: process.execPath,
    args: [`--import=${confinement}`, ...flags, join(repository, module), '--config', home.path(`run/${name}.json`)],
    identity: users[kind],
    environment: { NODE_ENV: 'production' },
    probe: () => askReady(metricsPort),
  }
}
