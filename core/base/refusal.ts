/** What the caller can do about a refusal; `core/host/refusals.ts` maps each kind to one HTTP status. */
export type RefusalKind =
  | 'invalid' // the input is wrong; send other input
  | 'unauthenticated' // sign in
  | 'forbidden' // signed in, but not allowed
  | 'absent' // there is no such thing, or it is not yours to know
  | 'conflict' // the present state does not permit it
  | 'refused' // understood and permitted in form, declined by a rule (funds, limits, licence)
  | 'throttled' // too often; wait
  | 'oversize' // larger than the limit
  | 'unavailable' // not now; ask again with the same key

/**
 * The one expected "no". The code is for ever (`ledger.insufficient_funds`), the message is for people and may
 * change, the detail is safe to show. Anything else thrown is a defect.
 */
export class Refusal extends Error {
  readonly kind: RefusalKind
  readonly code: string
  readonly detail: Record<string, unknown> | undefined

  constructor(kind: RefusalKind, code: string, message: string, detail?: Record<string, unknown>, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'Refusal'
    this.kind = kind
    this.code = code
    this.detail = detail
  }
}
