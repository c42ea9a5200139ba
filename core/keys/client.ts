import { createPublicKey, type KeyObject } from 'node:crypto'
import { type Answer, type ConnectionOptions, openConnection } from './connection.ts'
import type { CeremonyStatus, FileSeal, KeyEntry, KeysBackup, RestoreStatus, SealedFile } from './entry.ts'
import { monotonicMs } from './frames.ts'
import type { JournalLine } from './journal.ts'

export type SignatureAlgorithm = 'ed25519' | 'ecdsa-p256-sha256'
export type WrappedDek = { kek: string; wrapped: Buffer; binding: Buffer }

/**
 * What a process may ask of the key agent, as far as its role goes. A key is named by its family, which means the
 * active epoch, or by one epoch (`kek-pii-2`).
 */
export type Keys = {
  health(): Promise<void>
  random(bytes: number): Promise<Buffer>
  mac(key: string, data: Buffer): Promise<Buffer>
  /** A raw P-256 signature (64 bytes) over a 32-byte digest. */
  sign(key: string, digest: Buffer): Promise<Buffer>
  /** A signature (64 bytes) over a message, by whatever algorithm the key has; ECDSA is over its SHA-256. */
  signMessage(key: string, message: Buffer): Promise<{ key: string; algorithm: SignatureAlgorithm; signature: Buffer }>
  /**
   * A signature of `sk-audit` over the text of a checkpoint (C2SP tlog-checkpoint); that key signs nothing else. `after` is the
   * checkpoint kept last; where another node of these keys signed it, `growth` shows that it is: its note, and the hashes that lead to it
   * from one of `signedSizes`. @throws Refusal `keys.log_rewound` where the log is not the one that was signed
   */
  signCheckpoint(
    text: string,
    after: { size: number; root: Buffer } | undefined,
    growth?: { note: string; paths: Buffer[][] },
  ): Promise<{ key: string; algorithm: SignatureAlgorithm; signature: Buffer }>
  /** Of the log: how large the trees are that the agent remembers to have signed, the last one first. */
  signedSizes(): Promise<number[]>
  /** Of any epoch, also one that is destroyed. */
  publicKey(key: string): Promise<KeyObject>
  /** The name of a family's active epoch; some seconds old at most. */
  active(family: string): Promise<string>
  /** Answers the epoch that was used, too. */
  newDek(kek: string, context: Buffer): Promise<WrappedDek & { dek: Buffer }>
  openDek(kek: string, context: Buffer, wrapped: Buffer, binding: Buffer): Promise<Buffer>
  /** The same data keys under the active epoch of their family; they do not leave the agent. All of one family. */
  rewrapDeks(items: ReadonlyArray<WrappedDek & { context: Buffer }>): Promise<WrappedDek[]>
  list(): Promise<KeyEntry[]>
  attributes(): Promise<Record<string, Record<string, boolean>>>
  /** A new epoch, not in use before it is activated. */
  create(family: string): Promise<KeyEntry>
  /** The epoch so far active becomes decrypt-only. */
  activate(key: string): Promise<KeyEntry>
  /** For good; never the active epoch. */
  destroy(key: string): Promise<KeyEntry>
  journal(after: number, limit: number): Promise<JournalLine[]>
  /** After a restore of the database the log is another than was signed, and somebody answers for it. */
  beginLog(origin: string): Promise<void>
  statusOfCeremony(): Promise<CeremonyStatus>
  /**
   * One share per custodian, in their order, never to be had again. Nothing hangs on them before `ceremonyFinish`.
   * `shares`: where there is a recovery key, those of a quorum of its custodians, who make room for the next.
   */
  ceremonyBegin(input: {
    custodians: string[]
    threshold: number
    shares?: string[]
  }): Promise<{ recovery: string; shares: string[] }>
  /** The shares are with their custodians: from then on keys are born in the ceremony's way. @throws Refusal `keys.ceremony_lost` */
  ceremonyFinish(recovery: string): Promise<void>
  /** A quorum of custodians says yes to something that is no matter of keys; answers who. @throws Refusal `keys.shares_missing` … */
  custodiansVouch(shares: readonly string[]): Promise<string[]>
  /** All epochs with their states, and copies of the keys sealed to the recovery key. */
  backup(): Promise<KeysBackup>
  /** Vouches for a file by its digest, so that custodians, or this agent, know it again. */
  sealFile(digest: Buffer): Promise<FileSeal>
  /** @throws Refusal `keys.backup_forged` */
  checkFile(file: SealedFile): Promise<void>
  /** `file`: what the backup came in; it is judged before anything is imported. */
  restoreBegin(backup: KeysBackup, file?: SealedFile): Promise<RestoreStatus>
  restoreShare(share: string): Promise<RestoreStatus>
  /** `without`: keys that are given up because they have no copy, by name. `alone`: no other node has them; their families go on anew. */
  restoreFinish(without?: string[], alone?: boolean): Promise<{ imported: string[]; updated: string[] }>
  close(): Promise<void>
}

const activeFreshMs = 5000
const rewrapsPerRequest = 500

/**
 * The client of the key agent: one connection, many requests at once, each with a deadline. `presenting`: the certificate that every role but
 * `ops` shows when it connects; `hindered` hears why there is no connection.
 *
 * Every call throws Refusal `keys.unavailable` when there is no answer in time, a Refusal when the agent says no to
 * something a person can set right, and an Error when it refuses for any other reason: what a process may not ask is a
 * defect of ours.
 */
export function connectKeys({
  deadlineMs = 3000,
  ...way
}: Pick<ConnectionOptions, 'socket' | 'presenting' | 'hindered'> & { deadlineMs?: number }): Keys {
  const actives = new Map<string, { key: string; until: number }>()
  // A refusal may mean that a key has another state than we remember.
  const { ask, close } = openConnection({ ...way, deadlineMs, refused: () => actives.clear() })

  return {
    health: async () => {
      await ask('health')
    },
    random: async (bytes) => take(await ask('random', undefined, { bytes }), 'bytes'),
    mac: async (key, data) => take(await ask('mac', key, { data: give(data) }), 'mac'),
    sign: async (key, digest) => take(await ask('sign', key, { digest: give(digest) }), 'signature'),
    async signMessage(key, message) {
      const ok = await ask('signMessage', key, { message: give(message) })
      return {
        key: String(ok.key),
        algorithm: ok.algorithm as SignatureAlgorithm,
        signature: take(ok, 'signature'),
      }
    },
    async signCheckpoint(text, after, growth) {
      const head = after ? { size: after.size, root: give(after.root) } : null
      const ok = await ask('signCheckpoint', undefined, {
        message: give(Buffer.from(text)),
        after: head,
        ...(growth && { growth: { ...growth, paths: growth.paths.map((path) => path.map(give)) } }),
      })
      return { key: String(ok.key), algorithm: ok.algorithm as SignatureAlgorithm, signature: take(ok, 'signature') }
    },
    signedSizes: async () => (await ask('signedSizes')).sizes as number[],
    publicKey: async (key) =>
      createPublicKey({ key: take(await ask('publicKey', key), 'spki'), format: 'der', type: 'spki' }),
    async active(family) {
      const known = actives.get(family)
      if (known && known.until > monotonicMs()) return known.key
      const key = String((await ask('active', family)).key)
      actives.set(family, { key, until: monotonicMs() + activeFreshMs })
      return key
    },
    async newDek(kek, context) {
      const ok = await ask('newDek', kek, { context: give(context) })
      return { dek: take(ok, 'dek'), ...takeWrapped(ok) }
    },
    openDek: async (kek, context, wrapped, binding) =>
      take(
        await ask('openDek', kek, { context: give(context), wrapped: give(wrapped), binding: give(binding) }),
        'dek',
      ),
    async rewrapDeks(items) {
      const done: WrappedDek[] = []
      for (let at = 0; at < items.length; at += rewrapsPerRequest) {
        const some = items.slice(at, at + rewrapsPerRequest)
        const ok = await ask('rewrapDeks', familyOf(some[0]!.kek), { items: some.map(giveWrapped) })
        done.push(...(ok.items as Answer[]).map(takeWrapped))
      }
      return done
    },
    list: async () => (await ask('list')).keys as KeyEntry[],
    attributes: async () => (await ask('attributes')).attributes as Record<string, Record<string, boolean>>,
    create: async (family) => (await ask('create', family)).entry as KeyEntry,
    activate: async (key) => (await ask('activate', key)).entry as KeyEntry,
    destroy: async (key) => (await ask('destroy', key)).entry as KeyEntry,
    journal: async (after, limit) => (await ask('journal', undefined, { after, limit })).lines as JournalLine[],
    beginLog: async (origin) => {
      await ask('beginLog', undefined, { origin })
    },
    statusOfCeremony: async () => (await ask('ceremonyStatus')).status as CeremonyStatus,
    ceremonyBegin: async (input) =>
      (await ask('ceremonyBegin', undefined, input)) as { recovery: string; shares: string[] },
    ceremonyFinish: async (recovery) => {
      await ask('ceremonyFinish', undefined, { recovery })
    },
    custodiansVouch: async (shares) =>
      (await ask('custodiansVouch', undefined, { shares: [...shares] })).custodians as string[],
    backup: async () => (await ask('backup')).backup as KeysBackup,
    sealFile: async (digest) => (await ask('sealFile', undefined, { digest: give(digest) })).seal as FileSeal,
    checkFile: async (file) => {
      await ask('checkFile', undefined, giveFile(file))
    },
    restoreBegin: async (backup, file) =>
      (await ask('restoreBegin', undefined, { backup, ...(file ? giveFile(file) : {}) })).status as RestoreStatus,
    restoreShare: async (share) => (await ask('restoreShare', undefined, { share })).status as RestoreStatus,
    restoreFinish: async (without = [], alone = false) =>
      (await ask('restoreFinish', undefined, { without, alone })) as { imported: string[]; updated: string[] },
    close: async () => close(),
  }
}

function familyOf(epoch: string): string {
  return epoch.replace(/-\d+$/, '')
}

function give(bytes: Buffer): string {
  return bytes.toString('base64')
}

function giveFile({ digest, seal }: SealedFile): Answer {
  return { digest: give(digest), seal }
}

function giveWrapped({ kek, context, wrapped, binding }: WrappedDek & { context: Buffer }): Answer {
  return { kek, context: give(context), wrapped: give(wrapped), binding: give(binding) }
}

function take(ok: Answer, name: string): Buffer {
  return Buffer.from(String(ok[name] ?? ''), 'base64')
}

function takeWrapped(ok: Answer): WrappedDek {
  return { kek: String(ok.kek), wrapped: take(ok, 'wrapped'), binding: take(ok, 'binding') }
}
