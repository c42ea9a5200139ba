import { Gauge, register } from 'prom-client'
import * as audit from '#audit'
import { type Reader, systemCommand } from '#base'
import * as keys from '#keys'
import * as players from '#players'
import * as sessions from '#sessions'
import * as staff from '#staff'
import { type Host, type HostCommand, transact } from '../host.ts'
import type { JobDefinition } from '../queue.ts'

type JobHost = Pick<Host, 'sql' | 'keys' | 'log' | 'now'>
type Tx = Parameters<Parameters<typeof transact>[1]>[0]
type Moving = { rotation: string; epoch: string; older: string[] }

const dekBatch = 200 // the agent does nothing else while it moves them
const indexBatch = 100
const lockWait = '2s' // others wait behind a retirement as long as it waits for those before it

/**
 * Carries open rotations on, every minute and at once when one is asked for. Whatever ends it, the next run goes on from what
 * the rows say: each batch is a transaction of its own.
 */
export const rotateKeys: JobDefinition = {
  queue: 'keys.rotate',
  cron: '* * * * *',
  retryMax: 0,
  async run(host) {
    observeKeys(host)
    for (const rotation of await keys.openRotations(host.sql)) await advance(host, rotation)
    await forgetIndexes(host)
  },
}

/** What names the epochs of a family, and how it is brought to name another. */
type Holder = {
  /** The new epoch is active. Answers how much has to be moved. */
  begin(tx: Tx, moving: Moving): Promise<number>
  move(host: JobHost, moving: Moving): Promise<void>
  /** Answers what still names an older epoch; when that is nothing, nothing may name it from now on. */
  retire(tx: Tx, command: HostCommand, moving: Moving): Promise<number>
}

const dataKeys: Holder = {
  begin: (tx, { older }) => keys.deksUnder(tx, older),
  async move(host, { rotation, older }) {
    let after = keys.passBegin
    for (;;) {
      const moved = await transact(host, async (tx) => {
        const batch = await keys.moveDeks(tx, commandAt(host), { epochs: older, after, limit: dekBatch })
        if (batch) await keys.noteMoved(tx, rotation, batch.count)
        return batch
      })
      if (!moved) return
      after = moved.last
    }
  },
  async retire(tx, command, { older }) {
    await tx.unsafe(`set local lock_timeout = '${lockWait}'`)
    let left = 0
    for (const epoch of older) left += await keys.retireKek(tx, command, epoch)
    return left
  },
}

const emailIndex: Holder = {
  async begin(tx, { epoch }) {
    await players.beginReindexing(tx, epoch)
    return players.indexesNotUnder(tx, epoch)
  },
  async move(host, { rotation, epoch }) {
    let after = ''
    for (;;) {
      const moved = await transact(host, async (tx) => {
        const batch = await players.reindex(tx, commandAt(host), { epoch, after, limit: indexBatch })
        if (batch) await keys.noteMoved(tx, rotation, batch.count)
        return batch
      })
      if (!moved) return
      after = moved.last
    }
  },
  async retire(tx, command, { epoch, older }) {
    const left = await players.endReindexing(tx, epoch)
    if (left === 0) for (const each of older) await keys.noteRetired(tx, command, each)
    return left
  },
}

/** Only who signs in can give a password anew, so this rotation lasts until the last of them has; nothing waits for it. */
const pepper: Holder = {
  begin: (tx, { older }) => pepperedUnder(tx, older),
  move: async () => {},
  async retire(tx, command, { older }) {
    const left = await pepperedUnder(tx, older)
    if (left === 0) for (const each of older) await keys.noteRetired(tx, command, each)
    return left
  },
}

/** What was signed names its key and is verified under its public half for ever; nothing is moved. */
const signatures: Holder = {
  begin: async () => 0,
  move: async () => {},
  async retire(tx, command, { older }) {
    for (const each of older) await keys.noteRetired(tx, command, each)
    return 0
  },
}

const holders: Record<string, Holder> = {
  'kek-pii': dataKeys,
  'hk-email-index': emailIndex,
  'hk-pepper': pepper,
  'sk-audit': signatures,
  'sk-manifest': signatures,
  'sk-token': signatures,
}

/** The families that `countroom keys rotate` takes. */
export const rotatable: readonly string[] = Object.keys(holders)

/** The new epoch is active in the agent: the rotation begins to move what names older ones. */
export async function beginRotation(
  tx: Tx,
  command: HostCommand,
  moving: Moving & { family: string },
): Promise<void> {
  const { rotation, family, epoch, older } = moving
  const total = await holderOf(family).begin(tx, moving)
  await keys.beginMoving(tx, command, { rotation, epoch, total })
  await audit.record(tx, command, { action: 'keys.rotation_begun', subject: family, detail: { epoch, older, total } })
}

/** Moves what is left and ends the rotation, as far as it goes now. */
export async function advance(host: JobHost, { rotation, family, epoch }: keys.Rotation): Promise<void> {
  if (epoch === null) return
  const retired = await keys.retiredEpochs(host.sql)
  const older = (await host.keys.list())
    .filter((entry) => entry.family === family && entry.key !== epoch && entry.state === 'decrypt-only')
    .map((entry) => entry.key)
    .filter((key) => !retired.has(key))
  const moving = { rotation, epoch, older }
  await holderOf(family).move(host, moving)
  const left = await transact(host, async (tx) => {
    const command = commandAt(host)
    const left = await holderOf(family).retire(tx, command, moving)
    if (left > 0) return left
    await keys.endRotation(tx, command, rotation)
    await audit.record(tx, command, { action: 'keys.rotation_ended', subject: family, detail: { epoch, older } })
    return 0
  }).catch((error: { code?: string }) => {
    if (error.code === lockNotAvailable) return undefined // a long transaction is keeping a data key; the next run asks again
    throw error
  })
  host.log.info({ family, epoch, left }, left === 0 ? 'rotation ended' : 'rotation goes on')
}

const lockNotAvailable = '55P03'

function holderOf(family: string): Holder {
  const holder = holders[family]
  if (!holder) throw new Error(`nobody knows what names ${family}`)
  return holder
}

/** A value nobody reads any more is removed a minute after the last could have been reading it. */
async function forgetIndexes(host: JobHost): Promise<void> {
  const before = host.now().getTime() - 60_000
  for (const [epoch, at] of await keys.retiredEpochs(host.sql))
    if (epoch.startsWith('hk-email-index-') && at.getTime() < before)
      await transact(host, (tx) => players.forgetIndexes(tx, epoch))
}

async function pepperedUnder(reader: Reader, epochs: readonly string[]): Promise<number> {
  let count = 0
  for (const epoch of epochs)
    for (const room of [sessions.passwordsUnder, staff.passwordsUnder, players.codesUnder])
      count += await room(reader, epoch)
  return count
}

const dueMetric = 'countroom_keys_rotation_due_timestamp_seconds'

/** What the token and the rows say, of this moment; where one of them does not answer there is none, an alarm of its own. */
function observeKeys(host: JobHost): void {
  if (register.getSingleMetric(dueMetric)) return
  new Gauge({
    name: dueMetric,
    help: 'When the rotation of the active key of a family is due.',
    labelNames: ['family'],
    async collect() {
      this.reset()
      for (const { family, rotateBefore } of await host.keys.list().catch(() => []))
        if (rotateBefore) this.set({ family }, Date.parse(rotateBefore) / 1000)
    },
  })
  new Gauge({
    name: 'countroom_keys_rotation_open_timestamp_seconds',
    help: 'Since when a rotation is under way, by family.',
    labelNames: ['family'],
    async collect() {
      this.reset()
      for (const { family, askedAt } of await keys.openRotations(host.sql).catch(() => []))
        this.set({ family }, askedAt.getTime() / 1000)
    },
  })
}

function commandAt(host: JobHost): HostCommand {
  return { ...systemCommand('keys.rotate', host.now()), keys: host.keys }
}
