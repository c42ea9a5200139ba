import { work } from './proof-of-work.ts'
import { Lost, reachable } from './reach.ts'

export type Issue = { path: string; message: string }

/** A problem (RFC 9457): its words, its code, what of the request it is about, and whatever else it tells. */
export class Problem extends Error {
  readonly code: string
  readonly status: number
  readonly issues: readonly Issue[]
  readonly members: Readonly<Record<string, unknown>>
  constructor(problem: Record<string, unknown>, status: number) {
    super(String(problem.detail ?? problem.title ?? 'Something went wrong.'))
    this.code = String(problem.code ?? '')
    this.status = status
    this.issues = Array.isArray(problem.issues) ? (problem.issues as Issue[]) : []
    this.members = problem
  }
}

/** Answers that say that nobody knows whether it was done; asking again with the same key tells. */
const unknownCodes = new Set(['edge.outcome_unknown', 'edge.no_core', 'host.engine_away'])
/** Answers that say that this sign-in is over. A refused sign-in is not among them. */
const signedOutCodes = new Set(['sessions.required', 'sessions.ended', 'staff.required'])
const stepUpCodes = new Set(['sessions.step_up_required', 'staff.sign_in_again'])
const answerMsMax = 20_000
const triesMax = 4

let prove: ((problem: Problem) => Promise<void>) | undefined
/** How this page has the person show who they are, when an act needs that: resolves when they did. */
export function onStepUp(ask: (problem: Problem) => Promise<void>): void {
  prove = ask
}

/** Reads; while the casino cannot be reached it waits until it can. */
export async function get<T>(path: string): Promise<T> {
  for (;;) {
    try {
      return await ask<T>(path, {})
    } catch (error) {
      if (!(error instanceof Lost)) throw error
      await reachable()
    }
  }
}

/**
 * Does an act, once. When its outcome is not known it is asked again with the same key, for as long as it takes, so that
 * nothing is shown before it is known. When it needs a fresh proof of who asks, that is asked for, and the act goes on.
 */
export async function send<T>(path: string, body?: unknown, method = 'POST'): Promise<T> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() }
  const request = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask<T>(path, request)
    } catch (error) {
      if (error instanceof Lost) await reachable()
      else if (prove && error instanceof Problem && stepUpCodes.has(error.code)) await prove(error)
      else if (!(error instanceof Problem && error.status === 503) || attempt >= triesMax) throw error
      else await new Promise((resolve) => setTimeout(resolve, 400 * attempt))
    }
  }
}

/** The words to show for whatever was thrown. */
export function wordsOf(error: unknown): string {
  return error instanceof Problem ? error.message : 'Something went wrong on this page. Reload it and try again.'
}

/** A cookie may have been replaced while a request was under way, so who seems signed out asks once more. */
async function ask<T>(path: string, request: RequestInit, again = true): Promise<T> {
  const response = await fetch(path, { ...request, signal: AbortSignal.timeout(answerMsMax) }).catch(lost)
  const text = await response.text().catch(lost) // an answer that breaks off is no answer
  const body = parse(text)
  if (response.ok && body !== undefined) return body as T
  if (response.ok) throw new Lost()
  const problem = new Problem((body ?? {}) as Record<string, unknown>, response.status)
  if (unknownCodes.has(problem.code)) throw new Lost()
  if (problem.code === 'edge.proof_needed' && again) {
    const { challenge, bits } = problem.members as { challenge: string; bits: number }
    const headers = { ...(request.headers as Record<string, string>), 'x-proof': await work(challenge, bits) }
    return ask(path, { ...request, headers }, false)
  }
  if (signedOutCodes.has(problem.code)) {
    if (again) return ask(path, request, false)
    leave()
  }
  throw problem
}

function lost(): never {
  throw new Lost()
}

/** To the sign-in page, which says why and leads back here. */
function leave(): void {
  if (location.pathname === '/sign-in') return
  sessionStorage.setItem('return', location.pathname + location.search)
  location.assign('/sign-in?ended')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
