import { randomBytes } from 'node:crypto'
import { type Job, provideQueue, type Tx } from '#base'
import * as ledger from '#ledger'
import * as licences from '#licences'
import * as messages from '#messages'
import * as players from '#players'
import { openTestDatabase, type TestDatabase } from './database.ts'
import { startTestKeys, type TestKeys } from './keys.ts'
import type { TestModule } from './modules.ts'

export type World = TestDatabase & {
  agent: TestKeys
  /** Jobs that were enqueued and committed or not; the engine is not under test here. */
  jobs: Job[]
  command(at?: Date): ReturnType<typeof commandOf>
  act<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  registration(changes?: Partial<players.Registration>): Promise<players.Registration>
  /** An active player with a wallet and some money. */
  player(
    cash?: bigint,
    changes?: Partial<players.Registration>,
  ): Promise<{ player: string; wallet: bigint; email: string }>
  /** Whatever a player could show in their sessions, they have shown just now. */
  showAll(player: string): Promise<void>
}

/** Database, key agent and a queue that remembers, for tests of rooms that stand on all of them. */
export async function openWorld(options: { module?: TestModule } = {}): Promise<World> {
  const [db, agent] = await Promise.all([openTestDatabase(), startTestKeys(options)])
  return worldOf(db, agent)
}

/** The same on a database and a key agent that are there; it stops both. */
export function worldOf(db: TestDatabase, agent: TestKeys): World {
  const jobs: Job[] = []
  provideQueue(async (_tx, job) => {
    jobs.push(job)
  })
  messages.provideCarriers(['email', 'sms'])
  const act = <T>(work: (tx: Tx) => Promise<T>) => db.sql.begin(work) as Promise<T>
  const command = (at = new Date()) => commandOf(agent, at)
  const registration = async (changes: Partial<players.Registration> = {}): Promise<players.Registration> => {
    const { termsVersion, privacyVersion } = await licences.rules(db.sql)
    return {
      email: `p${randomBytes(5).toString('hex')}@example.com`,
      password: 'walrus tambourine quartz',
      name: 'Ada Lovelace',
      dateOfBirth: '1985-12-10',
      address: { street: '12 St James Square', city: 'Valletta', postalCode: 'VLT 1234' },
      country: 'MT',
      currency: 'EUR',
      language: 'en',
      termsVersion,
      privacyVersion,
      ...changes,
    }
  }
  return {
    ...db,
    agent,
    jobs,
    act,
    command,
    registration,
    async player(cash = 0n, changes = {}) {
      const input = await registration(changes)
      const player = (await act((tx) => players.register(tx, command(), input)))!
      const code = (await act((tx) => players.newConfirmation(tx, command(), player)))!
      await act((tx) => players.confirmEmail(tx, command(), { email: input.email, code, shownBy: player }))
      const { wallet } = (await ledger.walletOf(db.sql, player))!
      if (cash > 0n) await act((tx) => fund(tx, wallet, cash))
      return { player, wallet, email: input.email }
    },
    async showAll(player) {
      const factors = ['password', 'passkey', 'totp', 'sms', 'recovery', 'email']
      const shown = Object.fromEntries(factors.map((factor) => [factor, new Date().toISOString()]))
      await db.admin`update sessions.sessions set shown = ${db.admin.json(shown)}, aal = 2 where player = ${player}`
    },
    async stop() {
      await db.stop()
      await agent.stop()
    },
  }

  async function fund(tx: Tx, wallet: bigint, cash: bigint) {
    await ledger.transfer(tx, command(), {
      wallet,
      key: `fund:${randomBytes(4).toString('hex')}`,
      kind: 'deposit',
      legs: [{ from: { house: 'gateway.clearing' }, to: { pocket: 'cash' }, amount: cash }],
    })
  }
}

function commandOf(agent: TestKeys, now: Date) {
  return {
    actor: { kind: 'player' as const, id: 'test', address: '127.0.0.1' },
    now,
    requestId: 'req_test',
    keys: agent.keys,
  }
}
