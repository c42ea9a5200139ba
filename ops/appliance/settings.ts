import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { acmeWanted, networks, pair, proxies, ticketsWanted } from '../../edge/wanted.ts'
import { backupSettings } from '../backup/settings.ts'
import { telemetrySettings } from '../telemetry/settings.ts'
import type { Home } from './home.ts'
import { Trouble } from './trouble.ts'

/** The operator's settings: `countroom.json` in the home, and `COUNTROOM_PORT_<NAME>` over it for ports. */
const port = z.int().min(1).max(65535)

export const defaultPorts = {
  player: 8443,
  operator: 8444,
  partner: 8445,
  plain: 8480,
  sandboxWeb: 8460,
  sandboxSmtp: 2525,
  workBounces: 2526,
  core1Player: 9101,
  core1Operator: 9111,
  core1Partner: 9121,
  core1Metrics: 9131,
  core2Player: 9102,
  core2Operator: 9112,
  core2Partner: 9122,
  core2Metrics: 9132,
  workMetrics: 9133,
  edgeMetrics: 9134,
  keysMetrics: 9135,
  sandboxMetrics: 9136,
  nodeMetrics: 9137,
  postgresMetrics: 9138,
  redisMetrics: 9139,
  core1Scrape: 9141,
  core2Scrape: 9142,
  workScrape: 9143,
  edgeScrape: 9144,
  postgres: 5432,
  redis: 6379,
  sentinel: 26379,
  patroni: 8008,
  etcd: 2379,
  etcdPeer: 2380,
}

export type PortName = keyof typeof defaultPorts
export type Ports = Record<PortName, number>

const schema = z.strictObject({
  ports: z.partialRecord(z.enum(Object.keys(defaultPorts) as [PortName, ...PortName[]]), port).default({}),
  /** Where the public listeners stand; nothing listens beyond loopback unless this says so. */
  address: z.string().default('127.0.0.1'),
  /** The name people open in their browser. */
  hostName: z.string().default('localhost'),
  /** Where PostgreSQL and Redis listen for other machines, over mutual TLS only; without it, sockets of this machine. */
  dataAddress: z.string().optional(),
  /**
   * The nodes that keep this casino together, by their addresses, and which of them this one is, from 1. PostgreSQL, Redis and the
   * cores listen on its address then. An odd number: a majority decides who leads. `follows`: these nodes are the second site of the casino
   * that stands there, and one is enough; `secondSite`: those that follow this one. `firstNumber`: what number the first of these nodes has in
   * the casino, where others come before.
   */
  cluster: z
    .strictObject({
      node: z.int().min(1).max(9),
      addresses: z.array(z.ipv4()).min(1).max(9),
      firstNumber: z.int().min(1).max(91).default(1),
      follows: z.array(z.ipv4()).min(1).max(9).optional(),
      secondSite: z.array(z.ipv4()).min(1).max(9).optional(),
    })
    .refine(({ node, addresses }) => addresses.length % 2 === 1 && node <= addresses.length, {
      message: 'an odd number of addresses, and this node is one of them',
    })
    .refine(({ addresses, follows }) => addresses.length >= 3 || follows !== undefined, {
      message: 'three addresses or more; one is enough for a second site alone',
    })
    .refine(
      ({ addresses, follows = [], secondSite = [] }) => {
        const others = new Set([...follows, ...secondSite]) // who followed may be followed later
        return new Set([...addresses, ...others]).size === addresses.length + others.size
      },
      { message: 'an address is given twice' },
    )
    .optional(),
  /** This machine is one of the edges before a cluster: where they stand, the nodes behind them, and the address that is whoever's lives. */
  edgeNode: z
    .strictObject({
      number: z.int().min(1).max(9),
      addresses: z.array(z.ipv4()).min(1).max(9),
      nodes: z.array(z.ipv4()).min(1).max(9),
      virtualAddress: z.ipv4().optional(),
    })
    .refine(({ number, addresses }) => number <= addresses.length, { message: 'this machine is one of the edges' })
    .optional(),
  /** Processes that serve players on this node. */
  cores: z.union([z.literal(1), z.literal(2)]).default(2),
  /** Where cores, worker and edge give their metrics to other machines, over mutual TLS; besides loopback. */
  metricsAddress: z.string().optional(),
  /** Debian's exporters tell of the machine, PostgreSQL and Redis, on loopback. */
  exporters: z.boolean().default(false),
  /** The life of certificates inside the casino. */
  certificateHours: z.int().min(24).max(720).default(168),
  /** The back office serves nobody without their own certificate, on top of the passkey. */
  operatorCertificates: z.boolean().default(false),
  /** Who breaks the glass: the console alone, or only with the shares of a quorum of custodians typed there. */
  breakGlassBy: z.enum(['console', 'custodians']).default('console'),
  /**
   * Sections of the edge's configuration as `edge/config.ts` has them, which says what is wrong with them; certificates and proxies are the player's
   * face's. Files with a key belong to the edge's user.
   */
  edge: z
    .strictObject({
      certificates: z.array(pair).optional(),
      proxies: proxies.optional(),
      /** Of each face: who may connect to it. */
      networks: z
        .strictObject({ player: networks.optional(), operator: networks.optional(), partner: networks.optional() })
        .optional(),
      acme: acmeWanted.optional(),
      tickets: ticketsWanted.optional(),
      routes: z.array(z.looseObject({})).optional(),
      limits: z.looseObject({}).optional(),
      shedding: z.looseObject({}).optional(),
      visitors: z.looseObject({}).optional(),
      friction: z.looseObject({}).optional(),
      balance: z.looseObject({}).optional(),
    })
    .default({}),
  edgeWorkers: z.int().min(1).max(64).default(2),
  /** Whole months of the ledger that stay at hand; older ones are detached into tables of their own. */
  ledgerMonthsAttached: z.int().min(6).max(1200).default(25),
  /** The name of the audit log in its checkpoints, for ever the same; without it the log names itself when it begins. */
  logName: z
    .string()
    .regex(/^[^\s+]{1,100}$/)
    .optional(),
  /** Who cosigns the audit log: `{"url": "https://witness.example", "vkey": "…"}` each. */
  logWitnesses: z.array(z.strictObject({ url: z.url(), vkey: z.string().max(200) })).default([]),
  /** The second place of the audit log: a file that the worker may append to, or a syslog server over TLS. */
  auditShipTo: z
    .union([
      z.strictObject({ file: z.string() }),
      z.strictObject({
        syslog: z.strictObject({
          host: z.string(),
          port: z.int().min(1).max(65535).default(6514),
          caFile: z.string(),
          serverName: z.string().optional(),
          certFile: z.string().optional(),
          keyFile: z.string().optional(),
        }),
      }),
    ])
    .optional(),
  /** Steps of 30 seconds on either side of the present one in which an authenticator app's code is taken too. */
  appCodeWindow: z.int().min(0).max(2).default(0),
  /** A folder that what is past the licence's years is archived to by itself; without it, by `countroom audit archive` only. */
  auditArchiveTo: z.string().startsWith('/').optional(),
  lanesPerCore: z.int().min(1).max(16).default(1),
  databasePoolMax: z.int().min(2).max(64).default(8),
  sharedBuffersMegabytes: z.int().min(16).max(65536).default(256),
  /** With less room than this under the home, the doctor warns. */
  diskMebibytesMin: z.int().min(0).default(512),
  /** What this machine is called in the approvals of its program, for ever the same. */
  nodeName: z
    .string()
    .regex(/^[\w.-]{1,60}$/)
    .default('node-1'),
  /** What a start does that finds another program than was approved; unsaid: refuse, in a git clone alarm. */
  programMismatch: z.enum(['refuse', 'alarm']).optional(),
  /** Backups of data, `ops/backup/settings.ts`; without it, or null, none are made. */
  backup: backupSettings.nullish(),
  /** Backups of data are kept so long: a retired key is not destroyed before. */
  keyBackupHorizonDays: z.int().min(0).max(3650).default(35),
  /** Backups of keys are kept so long; an erased player's data key lives no longer than the oldest. */
  keyBackupKeepDays: z.int().min(1).max(365).default(7),
  /** Another PKCS#11 module than SoftHSM; the token must be there, and the home keeps the register of its keys. */
  pkcs11: z
    .strictObject({
      path: z.string(),
      initArgs: z.string().optional(),
      token: z.union([z.strictObject({ label: z.string() }), z.strictObject({ slot: z.int().min(0) })]),
      pin: z.discriminatedUnion('from', [
        z.strictObject({ from: z.literal('file'), file: z.string() }),
        z.strictObject({ from: z.literal('credential'), name: z.string() }),
        z.strictObject({ from: z.literal('prompt') }),
      ]),
      wrap: z.enum(['aes-kw', 'aes-gcm', 'rsa-oaep-sha256']).optional(),
    })
    .optional(),
  /** Days until the rotation of a family's key is due, where not the usual ones. */
  keyRotationDays: z.record(z.string(), z.int().min(1).max(7300)).default({}),
  /** What the casino is called where it writes to people. */
  brandName: z.string().min(1).max(40).default('Countroom'),
  /** Tables of networks for the look at a sign-in: `network,country,latitude,longitude` a line; and networks that need a second look. */
  networkPlacesFile: z.string().optional(),
  networksListedFile: z.string().optional(),
  mailFrom: z.email().default('casino@countroom.example'),
  /** The server that takes our mail; without it the sandbox does. Beyond loopback over TLS only. */
  mailServer: z
    .strictObject({
      host: z.string(),
      port: z.int().min(1).max(65535).default(587),
      implicitTls: z.boolean().default(false),
      caFile: z.string().optional(),
      user: z.string().optional(),
      passwordFile: z.string().optional(),
    })
    .refine(({ user, passwordFile }) => (user === undefined) === (passwordFile === undefined), {
      message: 'user and passwordFile belong together',
    })
    .optional(),
  /** The domain of return paths, whose mail your server relays to the worker; without it that of `mailFrom`. */
  mailBounceDomain: z.string().optional(),
  /**
   * Who takes text messages: `smpps://<system id>@<host>:<port>`, or signed HTTP; without it the sandbox does. `null`: nobody, and
   * players are offered no telephone.
   */
  smsCarrier: z
    .strictObject({
      url: z.url({ protocol: /^(https|smpps?)$/ }),
      secretFile: z.string(),
      /** Of a carrier by HTTP: what it signs receipts with. */
      receiptSecretFile: z.string().optional(),
      caFile: z.string().optional(),
      /** Who a text message is from: a number, or up to eleven letters and digits. */
      sender: z.string().regex(/^(\+[1-9]\d{1,14}|[A-Za-z0-9]{1,11})$/),
    })
    .nullish(),
  /** Who is told what becomes of requests, and of figures; without it, nobody. */
  telemetry: telemetrySettings.optional(),
  logLevel: z.enum(['error', 'warn', 'info', 'debug', 'trace']).default('info'),
})

export type Settings = Omit<z.infer<typeof schema>, 'ports'> & { ports: Ports }

export function readSettings(home: Home, environment: NodeJS.ProcessEnv = process.env): Settings {
  const file = home.path('countroom.json')
  const parsed = schema.safeParse(home.has('countroom.json') ? parseJson(file) : {})
  if (!parsed.success)
    throw new Trouble(`The settings in ${file} are not valid:\n${z.prettifyError(parsed.error)}`, {
      setting: file,
      remedy: `correct it, or start with the defaults: mv ${file} ${file}.bad; ops/README.md lists the settings`,
    })
  const ports = { ...defaultPorts, ...parsed.data.ports }
  for (const name of Object.keys(ports) as PortName[]) {
    const given = environment[variableOf(name)]
    if (given === undefined) continue
    const checked = port.safeParse(Number(given))
    if (!checked.success)
      throw new Trouble(`${variableOf(name)} is "${given}", which is not a port.`, {
        setting: variableOf(name),
        remedy: `${variableOf(name)}=${defaultPorts[name]} npm start`,
      })
    ports[name] = checked.data
  }
  refuseDoubles(ports)
  return { ...parsed.data, ...addressOfNode(parsed.data), ports }
}

/** Settings that are about to be written: what no start would read is not written. @throws Trouble */
export function refuseUnreadable(settings: object, setting: string): void {
  const parsed = schema.safeParse(settings)
  if (parsed.success) return
  throw new Trouble(`That would make settings that are not valid:\n${z.prettifyError(parsed.error)}`, {
    setting,
    remedy: 'an odd number of addresses of this network, each once; ops/failover/README.md',
  })
}

/** In a cluster the engines listen where the others look for them. */
function addressOfNode({ cluster }: z.infer<typeof schema>): { dataAddress?: string } {
  return cluster ? { dataAddress: cluster.addresses[cluster.node - 1]! } : {}
}

/** `core1Player` is set by `COUNTROOM_PORT_CORE1_PLAYER`. */
export function variableOf(name: PortName): string {
  return `COUNTROOM_PORT_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

function parseJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new Trouble(`The settings in ${file} cannot be read: ${(error as Error).message}`, {
      setting: file,
      remedy: `correct it, or start with the defaults: mv ${file} ${file}.bad`,
      cause: error,
    })
  }
}

function refuseDoubles(ports: Ports): void {
  const seen = new Map<number, string>()
  for (const [name, number] of Object.entries(ports)) {
    const other = seen.get(number)
    if (other)
      throw new Trouble(`The port ${number} is given twice, to ${other} and to ${name}.`, {
        setting: `"ports" in countroom.json, ${variableOf(name as PortName)}, ${variableOf(other as PortName)}`,
        remedy: `${variableOf(name as PortName)}=<another port> npm start`,
      })
    seen.set(number, name)
  }
}
