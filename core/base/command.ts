import type postgres from 'postgres'

/** The types our connections carry: `bigint` columns arrive as BigInt, never as a number. */
export type PgTypes = { bigint: bigint }

/** A transaction somebody above opened; whoever holds one may write. */
export type Tx = postgres.TransactionSql<PgTypes>

/** Anything that can read: the pool or a transaction. */
export type Reader = postgres.Sql<PgTypes> | Tx

/** Who acts. `id` is a player's, a member of staff's or a partner's id, or the name of a job or command. */
export type Actor = {
  readonly kind: 'player' | 'staff' | 'partner' | 'system'
  readonly id: string
  readonly address?: string
}

/** One command: who acts, the one instant it happens at, and the request it came with. */
export type Command = { readonly actor: Actor; readonly now: Date; readonly requestId: string }

export function systemCommand(name: string, now: Date = new Date()): Command {
  return { actor: { kind: 'system', id: name }, now, requestId: '' }
}
