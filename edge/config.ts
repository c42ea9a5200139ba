import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { rules } from './limit/rules.ts'

const address = z.strictObject({ host: z.string(), port: z.int().min(0).max(65535) })
const listener = address.extend({ cert: z.string(), key: z.string() })

export { type Face, faces } from './faces.ts'

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
  cores: z.array(z.strictObject({ name: z.string(), player: address, operator: address, partner: address })).min(1),
  /** `scrape`: the metrics for other machines, over mutual TLS. */
  listen: z.strictObject({ metrics: address, scrape: address.optional() }),
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
      /** Of HTTP/2: from the head of an answer until the client has heard all of it. */
      answerSecondsMax: z.int().positive().default(120),
      /** Of HTTP/2: requests under way on one connection. */
      streamsMax: z.int().positive().max(1000).default(100),
      /** Of HTTP/2: settings and pings within half a second, which cost an answer each. */
      chatterMax: z.int().positive().default(50),
      keepAliveSecondsMax: z.int().positive().default(20),
      /** How long a keyed or safe request may look for a core, tries and waiting together. */
      forwardSecondsMax: z.int().positive().default(10),
      trySecondsMax: z.int().positive().default(5),
      drainSecondsMax: z.int().positive().default(10),
      coreConnectionsMax: z.int().positive().default(64),
      /** Requests of one asker that a worker works on at the same time. */
      inFlightNetworkMax: z.int().positive().default(2048),
      inFlightSessionMax: z.int().positive().default(256),
      rules,
    })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info') })
    .prefault({}),
})

export type EdgeConfig = Readonly<z.infer<typeof schema>>

export function readConfig(argv: readonly string[] = process.argv): EdgeConfig {
  const file = argv[argv.indexOf('--config') + 1]
  if (!argv.includes('--config') || !file) throw new Error('Start the edge with --config <file>.')
  const parsed = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')))
  if (!parsed.success) throw new Error(`The configuration ${file} is not valid:\n${z.prettifyError(parsed.error)}`)
  return Object.freeze(parsed.data)
}
