import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { systemCommand, type Tx } from '#base'
import * as pki from '#pki'
import { openDatabase } from '../../core/host/database.ts'
import { openTestDatabase, type TestDatabase } from './database.ts'
import { startTestKeys, type TestKeys } from './keys.ts'
import type { TestModule } from './modules.ts'

/** A component with its key and chain, both PEM. */
export type Enrolled = pki.Issued & { key: string }

export type TestAuthority = {
  db: TestDatabase
  agent: TestKeys
  command(now?: Date): pki.SigningCommand
  /** As the application. */
  act<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** As the owner of the tables, as ops does. */
  own<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  ensure(): ReturnType<typeof pki.ensureAuthorities>
  offer(role: string, component: string): ReturnType<typeof pki.offer>
  /** Offer, request, application and certificate, as they follow each other in life. */
  enrol(
    role: pki.Role,
    component: string,
    also?: { names?: string[]; lifeSeconds?: number; now?: Date },
  ): Promise<Enrolled>
  renew(had: Enrolled, also?: { now?: Date; at?: Date }): Promise<Enrolled>
  anchors(): Promise<string>
  /** The lists of this moment, signed if they have to be, each PEM. */
  lists(lifeSeconds?: number): Promise<string[]>
  components(): Promise<pki.Component[]>
  stop(): Promise<void>
}

/** A private authority on the given parts, or on a database and a token of its own (SoftHSM's, unless another module is named). */
export async function openTestAuthority(
  given: { db?: TestDatabase; agent?: TestKeys; module?: TestModule } = {},
): Promise<TestAuthority> {
  const db = given.db ?? (await openTestDatabase())
  const agent = given.agent ?? (await startTestKeys(given.module ? { module: given.module } : {}))
  const keys = agent.as('ops')
  const command = (now = new Date()) => ({ ...systemCommand('test', now), keys })
  const act = <T>(work: (tx: Tx) => Promise<T>) => db.sql.begin(work) as Promise<T>
  const owner = openDatabase({ ...db.address, user: 'countroom_owner', password: '', poolMax: 2 })
  const own = <T>(work: (tx: Tx) => Promise<T>) => owner.begin(work) as Promise<T>
  const ensure = () => own((tx) => pki.ensureAuthorities(tx, command()))
  const issue = (request: string, key: string, lifeSeconds = 7 * pki.daySeconds, now = new Date()) =>
    act(async (tx) => ({ ...(await pki.issue(tx, command(now), { request, lifeSeconds })), key }))
  return {
    db,
    agent,
    command,
    act,
    own,
    ensure,
    offer: (role, component) => own((tx) => pki.offer(tx, command(), { role, component })),
    async enrol(role, component, { names, lifeSeconds, now = new Date() } = {}) {
      await ensure()
      const { key, request } = await pki.newRequest(component)
      const { token } = await own((tx) => pki.offer(tx, command(now), { role, component, ...(names ? { names } : {}) }))
      const application = await act((tx) => pki.apply(tx, command(now), { token, request }))
      if ('refusal' in application) throw application.refusal
      return issue(application.request, key, lifeSeconds, now)
    },
    async renew(had, { now = new Date(), at = now } = {}) {
      const { key, request } = await pki.newRequest(had.component)
      const statement = pki.renewalStatement(had.serial, spkiOf(key), at)
      const signature = sign('sha256', statement, createPrivateKey(had.key))
      const application = await act((tx) =>
        pki.applyAgain(tx, command(now), { request, certificate: had.chain, at, signature }),
      )
      return issue(application.request, key)
    },
    anchors: () => pki.anchors(db.sql, command()),
    async lists(lifeSeconds) {
      await ensure()
      await own((tx) => pki.publish(tx, command(), lifeSeconds === undefined ? {} : { lifeSeconds }))
      const pem = await pki.lists(db.sql, new Date())
      return pem.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g) ?? []
    },
    components: () => pki.components(db.sql, new Date()),
    async stop() {
      await owner.end({ timeout: 5 })
      if (!given.db) await db.stop()
      if (!given.agent) await agent.stop()
    },
  }
}

function spkiOf(key: string): Buffer {
  return createPublicKey(createPrivateKey(key)).export({ format: 'der', type: 'spki' })
}
