import type { Tx } from '#base'
import type { KeyedCommand } from '#keys'

/**
 * Sends a code to a telephone, in the caller's transaction: it is on its way if and only if that commits. What it keeps until
 * then is sealed.
 */
export type SmsPort = (
  tx: Tx,
  command: KeyedCommand,
  message: { holder: string; phone: string; code: string; minutes: number },
) => Promise<void>
