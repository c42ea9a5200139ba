import type { Verdict } from './limiter.ts'

/**
 * `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10), flat, of the tightest limit that counted a request. To be
 * taken at once: the verdict is written over by the next.
 */
export function limitHeaders(verdict: Verdict): readonly string[] {
  const { tightest } = verdict
  if (tightest === undefined) return none
  const limit = `"${tightest.rule.name}";r=${verdict.remaining};t=${verdict.resetSeconds}`
  return ['ratelimit-policy', tightest.policy, 'ratelimit', limit]
}

const none: readonly string[] = []

/** Seconds for `Retry-After`: not before the time that `RateLimit` names. */
export function retryAfter(verdict: Verdict): number {
  return Math.max(verdict.resetSeconds, Math.ceil(verdict.waitMs / 1000))
}
