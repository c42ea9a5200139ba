import * as audit from '#audit'
import { type Reader, systemCommand } from '#base'
import * as keys from '#keys'
import * as players from '#players'
import * as sessions from '#sessions'
import * as staff from '#staff'
import { type Host, type HostCommand, transact } from './host.ts'

type RotationHost = Pick<Host, 'sql' | 'keys' | 'log' | 'now'>
type Tx = Parameters<Parameters<typeof transact>[1]>[0]
type Moving = { rotation: string; epoch: string; older: string[] }

const batchDefault = 200 // rows that are locked at a time, a tenth of a second or so
const runMsMax = 10 * 60_000 // the engine takes a job for lost after a quarter of an hour
const lockWait = '2s' // others wait behind a retirement as long as it waits for those before it
const lockNotAvailable = '55P03'

/** The families that can be rotated. */
export function rotatable(): string[] {
  return Object.keys(holders)
}

/** The new epoch is active in the agent: the rotation begins to move what names older ones. */
export async function beginRotation(tx: Tx, command: HostCommand, moving: Moving & { family: string }): Promise<void> {
  const { rotation, family, epoch, older } = moving
  const total = await holderOf(family).begin(tx, moving)
  await keys.beginMoving(tx, command, { rotation, epoch, total })
  await audit.record(tx, command, { action: 'keys.rotation_begun', subject: family, detail: { epoch, older, total } })
}

/** Moves what is left and ends the rotation, as far as it goes now. */
export async function advance(
  host: RotationHost,
  { rotation, family, epoch }: keys.Rotation,
  batch: number = batchDefault,
): Promise<void> {
  if (epoch === null) return
  const retired = await keys.retiredEpochs(host.sql)
  const older = (await host.keys.list())
    .filter((entry) => entry.family === family && entry.key !== epoch && entry.state === 'decrypt-only')
    .map((entry) => entry.key)
    .filter((key) => !retired.has(key))
  const moving = { rotation, epoch, older }
  await holderOf(family).move(host, moving, batch)
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

/** How much still names an epoch; what should be destroyed must not be named by anything. */
export function namesOf(reader: Reader, epoch: string): Promise<number> {
  return holderOf(epoch.replace(/-\d+$/, '')).names(reader, epoch)
}

/** A value nobody reads any more is removed a minute after the last could have been reading it. */
export async function forgetIndexes(host: RotationHost): Promise<void> {
  const before = host.now().getTime() - 60_000
  for (const [epoch, at] of await keys.retiredEpochs(host.sql))
    if (epoch.startsWith('hk-email-index-') && at.getTime() < before)
      await transact(host, (tx) => players.forgetIndexes(tx, epoch))
}

/**
 * Restored data may be read by an index whose key was destroyed since. Then the index is made anew under the active one, from
 * the sealed addresses; until it is whole, who is not in it yet cannot sign in.
 */
export async function mendIndexes(host: RotationHost): Promise<void> {
  const epochs = await keys.indexEpochs(host.sql, 'email')
  const entries = (await host.keys.list()).filter(({ family }) => family === 'hk-email-index')
  const usable = new Set(entries.filter(({ state }) => isUsable(state)).map(({ key }) => key))
  if (epochs.every((epoch) => usable.has(epoch))) return
  const active = entries.find(({ state }) => state === 'active')?.key
  if (!active) return
  host.log.warn({ epochs, active }, 'the index of addresses is made anew: its key is gone')
  await transact(host, (tx) => keys.resetIndex(tx, 'email', active))
  await eachBatch('', (after) =>
    transact(host, (tx) => players.reindex(tx, commandAt(host), { epoch: active, after, limit: batchDefault })),
  )
  for (const epoch of epochs) if (epoch !== active) await transact(host, (tx) => players.forgetIndexes(tx, epoch))
}

/** What names the epochs of a family, and how it is brought to name another. */
type Holder = {
  /** The new epoch is active. Answers how much has to be moved. */
  begin(tx: Tx, moving: Moving): Promise<number>
  move(host: RotationHost, moving: Moving, batch: number): Promise<void>
  /** Answers what still names an older epoch; when that is nothing, nothing may name it from now on. */
  retire(tx: Tx, command: HostCommand, moving: Moving): Promise<number>
  /** Answers what names an epoch that was retired: of a process that took it for active a moment too long. */
  names(reader: Reader, epoch: string): Promise<number>
}

const dataKeys: Holder = {
  begin: (tx, { older }) => keys.deksUnder(tx, older),
  move: (host, { rotation, older }, limit) =>
    eachBatch(keys.passBegin, async (after) => {
      const moved = await transact(host, async (tx) => {
        const batch = await keys.moveDeks(tx, commandAt(host), { epochs: older, after, limit })
        if (batch) await keys.noteMoved(tx, rotation, batch.count)
        return batch
      })
      for (const dek of moved?.unsound ?? []) host.log.error(dek, 'a data key is not the one that was kept there')
      return moved
    }),
  async retire(tx, command, { older }) {
    await tx.unsafe(`set local lock_timeout = '${lockWait}'`)
    let left = 0
    for (const epoch of older) left += await keys.retireKek(tx, command, epoch)
    return left
  },
  names: (reader, epoch) => keys.deksUnder(reader, [epoch]),
}

/** What binds a data key to its row is renewed with its wrap; the wrap may stay under the epoch it has. */
const bindings: Holder = {
  begin: (tx, { older }) => boundUnder(tx, older),
  async move(host, moving, limit) {
    if ((await boundUnder(host.sql, moving.older)) === 0) return
    const kek = (await host.keys.list()).filter(({ family, state }) => family === 'kek-pii' && isUsable(state))
    await dataKeys.move(host, { ...moving, older: kek.map(({ key }) => key) }, limit)
  },
  async retire(tx, command, { older }) {
    const left = await boundUnder(tx, older)
    if (left === 0) for (const each of older) await keys.noteRetired(tx, command, each)
    return left
  },
  names: keys.deksBoundUnder,
}

const emailIndex: Holder = {
  async begin(tx, { epoch }) {
    await players.beginReindexing(tx, epoch)
    return players.indexesNotUnder(tx, epoch)
  },
  move: (host, { rotation, epoch }, limit) =>
    eachBatch('', (after) =>
      transact(host, async (tx) => {
        const batch = await players.reindex(tx, commandAt(host), { epoch, after, limit })
        if (batch) await keys.noteMoved(tx, rotation, batch.count)
        return batch
      }),
    ),
  async retire(tx, command, { epoch, older }) {
    const left = await players.endReindexing(tx, epoch)
    if (left === 0) for (const each of older) await keys.noteRetired(tx, command, each)
    return left
  },
  names: players.indexesUnder,
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
  names: (reader, epoch) => pepperedUnder(reader, [epoch]),
}

/**
 * Nothing is moved: what was signed names its key and is verified under its public half for ever; authorities and certificates
 * are made anew by who keeps them, as soon as the key is another; the key of backup repositories, which lies in no row, is wrapped anew by the next backup; and the agent
 * seals its register by the new key in the write that activates it.
 */
const unmoved: Holder = {
  begin: async () => 0,
  move: async () => {},
  async retire(tx, command, { older }) {
    for (const each of older) await keys.noteRetired(tx, command, each)
    return 0
  },
  names: async () => 0,
}

const holders: Record<string, Holder> = {
  'kek-pii': dataKeys,
  'kek-backup': unmoved,
  'hk-dek-binding': bindings,
  'hk-email-index': emailIndex,
  'hk-pepper': pepper,
  'hk-register': unmoved,
  'sk-audit': unmoved,
  'sk-manifest': unmoved,
  'sk-token': unmoved,
  'sk-ca-root': unmoved,
  'sk-ca-issuing': unmoved,
}

/** Batch after batch, as long as a job may take; the next run begins anew, and finds what was left. */
async function eachBatch<P>(begin: P, next: (after: P) => Promise<{ last: P } | undefined>): Promise<void> {
  const end = performance.now() + runMsMax
  let after = begin
  while (performance.now() < end) {
    const batch = await next(after)
    if (!batch) return
    after = batch.last
  }
}

function isUsable(state: keys.KeyState): boolean {
  return state === 'active' || state === 'decrypt-only'
}

function holderOf(family: string): Holder {
  const holder = holders[family]
  if (!holder) throw new Error(`nobody knows what names ${family}`)
  return holder
}

async function boundUnder(reader: Reader, epochs: readonly string[]): Promise<number> {
  let count = 0
  for (const epoch of epochs) count += await keys.deksBoundUnder(reader, epoch)
  return count
}

async function pepperedUnder(reader: Reader, epochs: readonly string[]): Promise<number> {
  let count = 0
  for (const epoch of epochs)
    for (const room of [
      sessions.passwordsUnder,
      sessions.codesUnder,
      sessions.resetsUnder,
      staff.passwordsUnder,
      players.codesUnder,
    ])
      count += await room(reader, epoch)
  return count
}

function commandAt(host: RotationHost): HostCommand {
  return { ...systemCommand('keys.rotate', host.now()), keys: host.keys }
}
