import { Refusal } from '#base'
import { type Problem, problemOf, problemResponse } from './refusals.ts'

/** So long a request waits for another primary, and so long all of it takes; both less than the edge waits for an answer to begin. */
const patienceMs = 8000
const answerMsMax = 9000
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
    const late = afterwards(answerMsMax, request)
    for (;;) {
      const asked = fetch(new Request(url, { method, headers, ...(body ? { body } : {}) }), ...env)
      const answer = await Promise.race([asked, late.answer])
      if (answer.status !== 503 || performance.now() > until || !(await isPassing(answer))) {
        late.forget()
        return answer
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}

/** What was asked may hang on a server that is gone, and be done or not: whoever waits is told in time to ask again with the same key. */
function afterwards(ms: number, { headers }: Request): { answer: Promise<Response>; forget(): void } {
  let timer: NodeJS.Timeout | undefined
  const answer = new Promise<Response>((resolve) => {
    timer = setTimeout(() => {
      const refusal = new Refusal(
        'unavailable',
        'host.engine_away',
        'The casino is not reachable at the moment. Ask again with the same key.',
      )
      resolve(problemResponse(problemOf(refusal, headers.get('x-request-id') ?? '')))
    }, ms)
  })
  return { answer, forget: () => clearTimeout(timer) }
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
