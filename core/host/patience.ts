import type { Problem } from './refusals.ts'

/** So long a request waits for another primary; less than the edge waits for an answer to begin. */
const patienceMs = 8000
const pauseMs = 250

/** What may have been done, or not, and by its key is done once: it is asked again. */
const passing = new Set(['host.engine_away', 'base.outcome_unknown', 'base.lane_late'])

type Fetch<Env extends unknown[]> = (request: Request, ...env: Env) => Response | Promise<Response>

/**
 * Where several servers keep the database, another leads within seconds of a switchover. Until then a request that may be repeated, by its
 * `Idempotency-Key` or because it changes nothing, waits here and is asked again, instead of failing; whoever sent it notices a pause.
 * What is too large to be kept is answered at once.
 */
export function patient<Env extends unknown[]>(fetch: Fetch<Env>, bodyBytesMax: number): Fetch<Env> {
  return async (request, ...env) => {
    if (!mayRepeat(request, bodyBytesMax)) return fetch(request, ...env)
    const { method, headers, url } = request
    const body = method === 'GET' || method === 'HEAD' ? undefined : await request.arrayBuffer()
    const until = performance.now() + patienceMs
    for (;;) {
      const answer = await fetch(new Request(url, { method, headers, ...(body ? { body } : {}) }), ...env)
      if (answer.status !== 503 || performance.now() > until || !(await isPassing(answer))) return answer
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}

function mayRepeat({ method, headers }: Request, bodyBytesMax: number): boolean {
  if (headers.get('upgrade') !== null) return false
  if (method === 'GET' || method === 'HEAD') return true
  const length = headers.get('content-length')
  return headers.get('idempotency-key') !== null && length !== null && Number(length) <= bodyBytesMax
}

async function isPassing(answer: Response): Promise<boolean> {
  const problem = (await answer
    .clone()
    .json()
    .catch(() => undefined)) as Problem | undefined
  return problem !== undefined && passing.has(problem.code)
}
