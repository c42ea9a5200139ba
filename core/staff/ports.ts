import type { Tx } from '#base'
import type { KeyedCommand } from '#keys'
import type { Permission } from './policy.ts'

/** An act that takes two. The host registers each with what does it; the room knows none by name. */
export type Act<P = unknown> = {
  /** In words, for people. */
  readonly title: string
  /** Reads the same from what it read: what is kept is read again when it is done. */
  readonly payload: Schema<P>
  /** Who may ask; null: everybody who works here. */
  readonly propose: Permission | null
  readonly approve: Permission
  /** The member of staff it is about: they may not approve it. */
  concerns?(payload: P): string
  /** The player it is about, in whose history it is found. */
  player?(payload: P): string
  /**
   * Does it, in the transaction of the approval. Without it, an approval is something to use: once, before it expires
   * (`useApproval`).
   */
  execute?(tx: Tx, command: KeyedCommand, approved: Approved<P>): Promise<void>
}

/** An approved proposal, as what does it takes it. */
type Approved<P> = { proposal: string; proposedBy: string; payload: P; reason: string }

export type Acts = Readonly<Record<string, Act>>

type Schema<P> = {
  safeParse(given: unknown): { success: true; data: P } | { success: false; error: { issues: readonly Issue[] } }
}
type Issue = { path: readonly PropertyKey[]; message: string }
