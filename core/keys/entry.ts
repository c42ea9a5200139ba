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
}
