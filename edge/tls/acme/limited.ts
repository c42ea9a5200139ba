/** An authority said that it has had enough, and when it may be asked again (RFC 8555, 6.6). */
export class Limited extends Error {
  readonly waitMs: number

  constructor(detail: string, waitMs: number) {
    super(`${detail}; it may be asked again after ${new Date(Date.now() + waitMs).toISOString()}`)
    this.waitMs = waitMs
  }
}

/** Longer than any authority that is known limits anybody; what says more than that is a mistake, or would be an end. */
const waitMsMax = 7 * 24 * 3_600_000

/** Milliseconds to wait by a `Retry-After` (RFC 9110, 10.2.3): seconds, or a date. 0 where it says nothing. */
export function waitMsOf(retryAfter: unknown, nowMs: number): number {
  if (typeof retryAfter !== 'string') return 0
  const ms = /^\d{1,10}$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - nowMs
  return ms > 0 ? Math.min(ms, waitMsMax) : 0 // of what is no date, NaN
}
