export type KeyState = 'pre-active' | 'active' | 'decrypt-only' | 'destroyed'

/** Born in the token and never outside it, or in a ceremony and kept besides as a copy sealed to the recovery key. */
export type Origin = 'token' | 'ceremony'

/** One epoch of a family of keys, as the key agent tells it. Times are ISO 8601, UTC. */
export type KeyEntry = {
  key: string
  family: string
  epoch: number
  use: 'wrap' | 'mac' | 'sign'
  state: KeyState
  mechanism: string
  createdAt: string
  activatedAt?: string
  retiredAt?: string
  destroyedAt?: string
  /** When its rotation is due; an active key only. */
  rotateBefore?: string
  origin: Origin
  /** A value by which two registers can see that they mean the same key; hex. */
  check: string
  /** Of `sk-audit`, once it succeeded another: the size from which on trees are signed by it, and no more by those before. */
  signsFrom?: number
  /** Of such a key: the word of the one before, where that was still there to give it. */
  handover?: Handover
}

/**
 * A key of the log hands it over to the next: `text` is four lines, `countroom-log-handover-1`, the log's name, the size from which on the next
 * one signs, and that one's SubjectPublicKeyInfo in base 64; `signature` of the key `by`, 64 bytes in base 64.
 */
export type Handover = { by: string; text: string; signature: string }

/** A restore that was begun: whose shares it takes, and who has given theirs. */
export type RestoreStatus = { recovery: string; threshold: number; custodians: string[]; given: string[] }

export type CeremonyStatus = {
  recovery?: { name: string; threshold: number; custodians: string[]; heldAt: string }
  /** Keys in use that have a copy under the present recovery key, and those that have none and could not be restored. */
  sealed: string[]
  unsealed: string[]
  /** Nothing was made yet: the agent waits for a ceremony, or for the keys of another node. */
  waiting: boolean
  restoring: RestoreStatus | null
}

/**
 * What is kept outside of tokens: every epoch with its state, and the copies sealed to the recovery key. `body` is JSON;
 * `mac` is over it, by the key that follows from the recovery key. Worth nothing without a quorum of custodians.
 */
export type KeysBackup = { format: 'countroom-keys-1'; body: string; mac: string }

/** Who vouches for a file of a backup: a key by name, and its MAC of the file's digest in base 64. */
export type FileSeal = { by: string; mac: string }
export type SealedFile = { digest: Buffer; seal: FileSeal }
