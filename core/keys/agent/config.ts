import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { type Family, familyNames } from './catalogue.ts'

const pinSource = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('file'), file: z.string() }),
  z.strictObject({ from: z.literal('credential'), name: z.string().regex(/^[\w.-]+$/) }),
  z.strictObject({ from: z.literal('prompt') }),
])

const schema = z.strictObject({
  name: z.string(),
  /** The agent's own folder: register, journal, sealed copies. Nobody else writes there. */
  stateDir: z.string(),
  module: z.strictObject({
    path: z.string(),
    /** What some modules want to be told when they are loaded (NSS: `configdir='sql:…'`). */
    initArgs: z.string().optional(),
    softhsmConf: z.string().optional(),
  }),
  token: z.union([z.strictObject({ label: z.string() }), z.strictObject({ slot: z.int().min(0) })]),
  pin: pinSource,
  /** Only to make a token where there is none yet. */
  soPin: pinSource.optional(),
  /** What to do where there is no register: make all keys, wait for those of another node, or refuse because there must be one. */
  firstStart: z.enum(['create', 'join', 'refuse']).default('refuse'),
  /** Whether keys may be made in the token before a ceremony was held; afterwards all are born in the ceremony's way. */
  birth: z.enum(['token', 'ceremony']).default('token'),
  /** How keys are wrapped; without it, the first way that the module can. */
  wrap: z.enum(['aes-kw', 'aes-gcm', 'rsa-oaep-sha256']).optional(),
  rotationDays: z.partialRecord(z.enum(familyNames as [Family, ...Family[]]), z.int().min(1).max(7300)).default({}),
  /** Each for the group of its folder, where that has the bit that hands the group on (setgid); else for the agent's own. */
  sockets: z.partialRecord(z.enum(['core', 'work', 'edge', 'ops']), z.string()),
  /** Where `ops` puts the revocation lists of the authority; whoever comes in by another socket than that of `ops` is judged by them. */
  clients: z.strictObject({ crl: z.string() }),
  /** Nothing, where an agent runs alone for a restore: nobody collects its metrics. */
  listen: z.strictObject({ metrics: z.strictObject({ host: z.string(), port: z.int() }).optional() }),
  log: z.strictObject({ level: z.string().default('info') }).prefault({}),
})

export type AgentConfig = Readonly<z.infer<typeof schema>>
export type PinSource = z.infer<typeof pinSource>

/** @throws Error that says what is wrong in the file */
export function readAgentConfig(file: string): AgentConfig {
  const parsed = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')))
  if (!parsed.success) throw new Error(`The configuration ${file} is not valid:\n${z.prettifyError(parsed.error)}`)
  return parsed.data
}
