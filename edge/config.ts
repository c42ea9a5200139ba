import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { amendments } from './amendments.ts'
import { frictionConfig } from './guard/friction-config.ts'
import { rules } from './limit/rules.ts'
import { telemetryConfig } from './log/telemetry.ts'
import { acmeFiles } from './tls/acme/keeper.ts'
import { acmeWanted, networks, pair, proxies, ticketsWanted } from './wanted.ts'

const address = z.strictObject({ host: z.string(), port: z.int().min(0).max(65535) })
const listener = address.extend({
  ...pair.shape,
  /** Others, by the names in them and their kind of key; the first pair is for whoever asks for none of their names. */
  certificates: z.array(pair).default([]),
  proxies: proxies.default([]),
  /** Nobody else is heard; without it, everybody is. */
  networks: networks.optional(),
})

export { type Face, faces } from './faces.ts'

const portNumber = z.int().min(1).max(65535)
const label = z.string().regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i, 'It is the first label of a name in a certificate.')

/** Cores by their addresses, or by DNS, which is asked again every so many seconds. */
const coresListed = z
  .array(z.strictObject({ name: label, player: address, operator: address, partner: address }))
  .min(1)
  .refine((cores) => new Set(cores.map(({ name }) => name)).size === cores.length, 'Two cores have the same name.')
const byName = {
  domain: z.string().min(1),
  everySeconds: z.number().min(0.1).max(3600).default(5),
  servers: z.array(z.string()).optional(),
}
const coresByName = z.discriminatedUnion('records', [
  /** `_player._tcp.<domain>`, `_operator._tcp.<domain>`, `_partner._tcp.<domain>`: a host and a port for each core. */
  z.strictObject({ records: z.literal('srv'), ...byName }),
  /** Every address of the domain is a core; all have these ports and this name in their certificates. */
  z.strictObject({
    records: z.literal('a'),
    ...byName,
    identity: label,
    ports: z.strictObject({ player: portNumber, operator: portNumber, partner: portNumber }),
  }),
])
export type CoresListed = z.infer<typeof coresListed>

const balance = z.strictObject({
  /** How often each core is asked whether it can move money. */
  probeMilliseconds: z.int().min(20).max(60_000).default(250),
  /** After so long without any sign of life, others are asked first, and what waits for it and may be repeated goes to them. */
  silenceMilliseconds: z.int().min(50).max(60_000).default(600),
  /** Over this time the share of a core that came (back) in grows to its whole. */
  slowStartSeconds: z.number().min(0).max(600).default(10),
  /** Failures take no core out where fewer than this share would be left. */
  panicShare: z.number().min(0).max(1).default(0.5),
  /** Requests under way for another time: this share of all, but always as many as `retriesMin`. */
  retryShare: z.number().min(0).max(1).default(0.2),
  retriesMin: z.int().min(0).default(3),
  /** Safe requests that are sent to a second core only because the first is late: of all. */
  hedgeShare: z.number().min(0).max(0.02).default(0.02),
  /** Of one class of routes at one core: so many failures in a window, if half of all, and that class goes elsewhere for a while. */
  breakerFailuresMax: z.int().positive().default(5),
  breakerWindowSeconds: z.number().positive().default(10),
  breakerOpenSeconds: z.number().positive().default(1),
  breakerOpenSecondsMax: z.number().positive().default(30),
  /** Requests of one class under way at one core, for each worker. */
  inFlightMax: z.int().positive().default(1024),
  /** With affinity a core gets at most so many times the mean. */
  loadFactor: z.number().min(1).default(1.25),
  /** How long an answer that began may stand still. */
  stillSecondsMax: z.int().positive().default(5),
  /** Idle connections to a core; a core keeps them 75 seconds, and the one who sends must be the one who closes. */
  idleSecondsMax: z.int().positive().max(60).default(30),
})

const schema = z.strictObject({
  name: z.string(),
  workers: z.int().positive().max(64).default(2),
  /** What the edge shows the cores, and what it believes of them. */
  tls: z.strictObject({ ca: z.string(), cert: z.string(), key: z.string(), crl: z.string() }),
  listeners: z.strictObject({
    player: listener,
    /** `people`: whoever uses the back office shows a certificate of one of these roles besides signing in. */
    operator: listener.extend({ people: z.array(z.string()).min(1).optional() }),
    partner: listener,
  }),
  cores: z.union([coresListed, coresByName]),
  /** `scrape`: the metrics for other machines, over mutual TLS. `admin`: a Unix socket for who runs the edge, for its owner alone. */
  listen: z.strictObject({ metrics: address, scrape: address.optional(), admin: z.string().optional() }),
  balance: balance.prefault({}),
  routes: amendments,
  limits: z
    .strictObject({
      bodyBytesMax: z
        .int()
        .positive()
        .default(64 * 1024),
      headerBytesMax: z
        .int()
        .positive()
        .default(16 * 1024),
      targetBytesMax: z.int().positive().default(2048),
      headersSecondsMax: z.int().positive().default(10),
      requestSecondsMax: z.int().positive().default(15),
      handshakeSecondsMax: z.int().positive().default(5),
      /** Of HTTP/2: until the client has said its settings and taken ours. */
      prefaceSecondsMax: z.int().positive().default(5),
      /** From the head of an answer until the client has heard all of it, or another mebibyte. */
      answerSecondsMax: z.int().positive().default(120),
      /** What a worker keeps of an answer, and of all, for clients that hear more slowly than a core answers. */
      answerBytesHeldMax: z
        .int()
        .positive()
        .default(1024 ** 2),
      answersBytesHeldMax: z
        .int()
        .positive()
        .default(64 * 1024 ** 2),
      /** Of HTTP/2: requests under way on one connection. */
      streamsMax: z.int().positive().max(1000).default(100),
      /** Of HTTP/2: settings and pings within half a second, which cost an answer each. */
      chatterMax: z.int().positive().default(50),
      keepAliveSecondsMax: z.int().positive().default(20),
      /** How long a keyed or safe request may look for a core, tries and waiting together. */
      forwardSecondsMax: z.int().positive().default(10),
      /** One core, over any request; what a class of routes has for it, at most. */
      trySecondsMax: z.int().positive().default(30),
      drainSecondsMax: z.int().positive().default(10),
      /** Of these, how long kept-alive connections without a request are still served when the edge leaves. */
      drainIdleSeconds: z.number().min(0).default(1),
      /** Of these, over how long WebSockets are told to come again, one after the other. */
      drainWebSocketSeconds: z.number().min(0).default(2),
      coreConnectionsMax: z.int().positive().default(64),
      /** Requests of one asker that a worker works on at the same time. */
      inFlightNetworkMax: z.int().positive().default(2048),
      inFlightSessionMax: z.int().positive().default(256),
      /** WebSockets of one asker that a worker keeps open. */
      webSocketsNetworkMax: z.int().positive().default(2048),
      webSocketsSessionMax: z.int().positive().default(32),
      rules,
    })
    .prefault({}),
  /** The operator's files about networks: countries (MMDB), and lists of networks, one a line; read anew when they change. */
  visitors: z
    .strictObject({
      countriesFile: z.string().optional(),
      bannedFiles: z.array(z.string()).default([]),
      anonymousFiles: z.array(z.string()).default([]),
      /** Networks whose word on the trace of a request is believed. */
      tracedNetworks: z.array(z.string()).default([]),
    })
    .prefault({}),
  /** Work that browsers do before they sign in, against who tries passwords by the thousand. */
  friction: frictionConfig,
  /** `documentedOnly`: a body for an address that no document of the cores names is refused. */
  gate: z.strictObject({ documentedOnly: z.boolean().default(true) }).prefault({}),
  /** From where on what matters least is turned away: this late over a second, or so many requests for each connection to a sound core. */
  shedding: z
    .strictObject({
      delayMillisecondsMax: z.number().positive().default(500),
      waitingMax: z.number().positive().default(8),
    })
    .prefault({}),
  /** Redis, where hosts count together; without it, each counts by itself. */
  redis: z
    .intersection(
      z.union([
        z.object({ socket: z.string() }),
        z.object({ host: z.string(), port: z.int(), component: z.string() }),
        /** Who knows which Redis is the primary. */
        z.object({ sentinels: z.array(address).min(1), component: z.string() }),
      ]),
      z.object({
        user: z.string(),
        passwordFile: z.string(),
        /** Hosts that limits are shared out to until they have met. */
        hostsMin: z.int().positive().max(64).default(1),
      }),
    )
    .optional(),
  acme: acmeWanted
    .extend({
      /** Of this process alone: the account's key, the certificate. */
      dir: z.string(),
      /** Plain HTTP, port 80 as the world sees it: where the authority looks, and what leads everybody else to https. */
      listen: address.optional(),
    })
    .refine(({ proof, listen }) => proof !== 'http-01' || listen, '`listen` says where proofs by http-01 are found')
    .optional(),
  /** What tickets of TLS sessions are sealed under, the same on all hosts, 32 bytes at least; without it, hosts do not know each other's. */
  tickets: ticketsWanted.extend({ secretFile: z.string() }).optional(),
  telemetry: telemetryConfig.optional(),
  log: z
    .strictObject({ level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info') })
    .prefault({}),
})

/** As it stands in a file, where much can be left unsaid. */
export type EdgeSettings = z.input<typeof schema>
export type EdgeConfig = Readonly<z.infer<typeof schema>>

/** The file that the command line names. @throws Error when it names none */
export function configFile(argv: readonly string[] = process.argv): string {
  const file = argv[argv.indexOf('--config') + 1]
  if (!argv.includes('--config') || !file) throw new Error('Start the edge with --config <file>.')
  return file
}

/** @throws Error that says in one sentence or list what is wrong with the file */
export function readConfig(file: string): EdgeConfig {
  const parsed = schema.safeParse(parse(file))
  if (!parsed.success) throw new Error(`The configuration ${file} is not valid:\n${z.prettifyError(parsed.error)}`)
  const { acme, listeners } = parsed.data
  if (acme) listeners.player.certificates.push(acmeFiles(acme.dir))
  return Object.freeze(parsed.data)
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new Error(`The configuration ${file} cannot be read: ${(error as Error).message}`)
  }
}
