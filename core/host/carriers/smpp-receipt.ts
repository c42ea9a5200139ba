import type { Pdu } from 'smpp'
import type { Receipt } from '#messages'

const receiptClass = 0x04 // of esm_class, bits 5 to 2 (SMPP 3.4, 5.2.12)
const delivered = 2
/** Final states in which nobody has the message (5.2.28); of others more will be said. */
const failed = new Map([
  [3, 'EXPIRED'],
  [4, 'DELETED'],
  [5, 'UNDELIV'],
  [8, 'REJECTD'],
])

/**
 * Reads a delivery receipt: by the parameters made for it, or, from centres that send none, by the text of appendix B. Undefined
 * for what is none, or not the last word.
 */
export function readReceipt(carrier: string, pdu: Pdu): Receipt | undefined {
  if (((pdu.esm_class ?? 0) & 0x3c) !== receiptClass) return undefined
  const text = textOf(pdu.short_message)
  const reference = pdu.receipted_message_id ?? /\bid:([\w.-]{1,65})/.exec(text)?.[1]
  const said = /\bstat:([A-Z]{1,7})/.exec(text)?.[1]
  if (!reference) return undefined
  if (pdu.message_state === delivered || (pdu.message_state === undefined && said === 'DELIVRD'))
    return { carrier, reference, arrived: true }
  const word = pdu.message_state === undefined ? said : failed.get(pdu.message_state)
  if (word === undefined || ![...failed.values()].includes(word)) return undefined
  return { carrier, reference, arrived: false, status: word }
}

function textOf(message: Pdu['short_message']): string {
  const text = typeof message === 'object' && !Buffer.isBuffer(message) ? message.message : message
  return Buffer.isBuffer(text) ? text.toString('latin1') : (text ?? '')
}
