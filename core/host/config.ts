import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { telemetry } from './tracing/config.ts'

/**
 * The configuration of a core or work process: read once from the file ops rendered, validated, frozen. Secrets are
 * never in it; it names the files they stand in (`secrets.ts` reads those).
 */
const socketAddress = z.strictObject({ host: z.string(), port: z.int().min(0).max(65535) })

const limits = z.strictObject({
  bodyBytesMax: z
    .int()
    .positive()
    .default(64 * 1024),
  requestSecondsMax: z.int().positive().default(15),
  headerBytesMax: z
    .int()
    .positive()
    .default(16 * 1024),
  drainSecondsMax: z.int().positive().default(10),
  betSessionCacheSecondsMax: z.int().positive().default(10),
  liveConnectionsMax: z.int().positive().default(10_000),
  /** Downloads of this process at a time; each caller has one. */
  exportsMax: z.int().positive().default(8),
  /** A client that takes longer for a download is cut off. */
  exportSecondsMax: z.int().positive().default(1800),
  exportConnectionsMax: z.int().positive().default(2),
  /** Less than what the edge waits for the next bytes of an answer. */
  exportStatementSecondsMax: z.int().positive().default(4),
})

const schema = z.strictObject({
  name: z.string(),
  home: z.string(),
  origins: z.strictObject({ player: z.url(), operator: z.url(), partner: z.url() }),
  database: z.strictObject({
    host: z.string(),
    port: z.int(),
    /** Where several servers keep the database: each of them, and the port its agent answers on. Host and port say nothing then. */
    members: z
      .array(z.strictObject({ host: z.string(), port: z.int(), ask: z.int() }))
      .min(1)
      .optional(),
    database: z.string(),
    user: z.string(),
    passwordFile: z.string(),
    /** Over mutual TLS, to the component of this name. */
    component: z.string().optional(),
    poolMax: z.int().positive().default(8),
  }),
  /** By a Unix socket, or by an address over mutual TLS, to the component of this name. */
  redis: z.union([
    z.strictObject({ socket: z.string(), passwordFile: z.string() }),
    socketAddress.extend({
      component: z.string(),
      passwordFile: z.string(),
      /** Who knows which Redis is the primary; host and port say nothing then. */
      sentinels: z.array(socketAddress).min(1).optional(),
    }),
  ]),
  /** The key agent's socket for this role; the process shows its certificate there. */
  keys: z.strictObject({ socket: z.string(), role: z.enum(['core', 'work']) }),
  /** Where the approved program is listed, and what a core does when another was found. */
  program: z.strictObject({
    node: z.string(),
    manifest: z.string(),
    onMismatch: z.enum(['refuse', 'alarm']).default('alarm'),
  }),
  /** Files of this process's certificate, and of what it believes: the roots and the revocation lists. */
  tls: z.strictObject({ ca: z.string(), cert: z.string(), key: z.string(), crl: z.string() }),
  pki: z
    .strictObject({
      /** The life of certificates this process issues: 24 hours to 30 days. */
      certificateHours: z.int().min(24).max(720).default(168),
    })
    .prefault({}),
  /** Nobody is served at the back office without their own certificate. */
  operatorCertificates: z.boolean().default(false),
  listen: z.strictObject({
    player: socketAddress.optional(),
    operator: socketAddress.optional(),
    partner: socketAddress.optional(),
    metrics: socketAddress,
    /** Where the worker takes reports of delivery, by SMTP. */
    bounces: socketAddress.optional(),
    /** The same for other machines, over mutual TLS. */
    scrape: socketAddress.optional(),
  }),
  lanes: z
    .strictObject({
      count: z.int().positive().default(2),
      batchMax: z.int().positive().default(128),
      queueMax: z.int().positive().default(4096),
      deadlineMs: z.int().positive().default(5000),
    })
    .prefault({}),
  ledger: z
    .strictObject({
      /** Whole months whose postings stay at hand; those before are detached. The keys' promise forbids fewer than six. */
      monthsAttached: z.int().min(6).default(25),
    })
    .prefault({}),
  factors: z
    .strictObject({
      /** Steps of 30 seconds around the present one in which an authenticator app's code is taken too; none by default [S13]. */
      totpWindow: z.int().min(0).max(2).default(0),
    })
    .prefault({}),
  audit: z
    .strictObject({
      /** The name of the log, which stands in every checkpoint and never changes; without one it is given by chance. */
      origin: z
        .string()
        .regex(/^[^\s+]{1,100}$/)
        .optional(),
      /** So long after a sealing comes the next; so long, and a little, is what is new unprotected. */
      sealMs: z.int().min(50).max(60_000).default(1000),
      /** Who cosigns: where they take checkpoints, and their keys (C2SP tlog-witness). */
      witnesses: z.array(z.strictObject({ url: z.url(), vkey: z.string().max(200) })).default([]),
      /** Whether what is past the licence's years is archived by itself, so that a metric tells when it is not. */
      archived: z.boolean().default(false),
      /** The second place of the log: a file that is appended to, or a syslog server over TLS. */
      ship: z
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
    })
    .prefault({}),
  /** What the casino is called where it writes to people. */
  brand: z.string().min(1).max(40).default('Countroom'),
  mail: z.strictObject({
    host: z.string(),
    port: z.int(),
    /** From the first byte instead of by STARTTLS. Without TLS at all only on loopback. */
    implicitTls: z.boolean().default(false),
    caFile: z.string().optional(),
    user: z.string().optional(),
    passwordFile: z.string().optional(),
    from: z.email(),
    /** Reports of delivery come to `bounces+<message>@` here; the domain of `from` when nothing is said. */
    bounceDomain: z.string().optional(),
  }),
  /**
   * Who takes text messages; without it no telephone is offered. By SMPP 3.4 (`smpps://<system id>@<host>:<port>`) or signed HTTP; the
   * codes go beyond loopback over TLS only. The worker has the secret, cores have what receipts are signed with.
   */
  smsCarrier: z
    .strictObject({
      url: z.url(),
      secretFile: z.string().optional(),
      receiptSecretFile: z.string().optional(),
      caFile: z.string().optional(),
      /** Who it is from on the telephone: a number, or up to eleven letters and digits. */
      sender: z.string().regex(/^(\+[1-9]\d{1,14}|[A-Za-z0-9]{1,11})$/),
    })
    .refine(({ url }) => isPrivate(new URL(url)), { message: 'the url is https or smpps, or on loopback' })
    .optional(),
  /** The operator's tables of networks: where they are thought to be, and which need a second look at sign-in. */
  networks: z.strictObject({ places: z.string().optional(), listed: z.string().optional() }).prefault({}),
  gateways: z.record(z.string(), z.strictObject({ url: z.url(), secretFile: z.string() })).default({}),
  limits: limits.prefault({}),
  telemetry: telemetry.optional(),
  log: z
    .strictObject({ level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info') })
    .prefault({}),
})

export type Config = Readonly<z.infer<typeof schema>>

export function readConfig(file: string): Config {
  const parsed = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')))
  if (!parsed.success) throw new Error(`The configuration ${file} is not valid:\n${z.prettifyError(parsed.error)}`)
  return deepFreeze(parsed.data)
}

/** The file named by `--config`, as every process of the appliance is started. */
export function configFileFromArguments(argv: readonly string[] = process.argv): string {
  const file = argv[argv.indexOf('--config') + 1]
  if (!argv.includes('--config') || !file) throw new Error('Start this process with --config <file>.')
  return file
}

function isPrivate({ protocol, hostname }: URL): boolean {
  if (['https:', 'smpps:'].includes(protocol)) return true
  return ['http:', 'smpp:'].includes(protocol) && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)
}

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object') for (const part of Object.values(value)) deepFreeze(part)
  return Object.freeze(value)
}
