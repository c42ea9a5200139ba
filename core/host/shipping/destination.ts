import type { ShippedLine } from '#audit'

/** The second place of the audit log. */
export type Destination = {
  /** So long after they were sent lines count as arrived, if the way stayed open; nought where that is known at once. */
  readonly settleMs: number
  /** Opens the way. Where the place can tell what it has, the number and hash of its last line; undefined when it has none. */
  open(): Promise<{ tells: boolean; last?: { number: bigint; hash: Buffer } }>
  /** @throws when the way broke: what was sent since lines last counted as arrived is then sent again */
  send(lines: readonly ShippedLine[]): Promise<void>
  close(): Promise<void>
}
