import { expect, test } from 'vitest'
import { patient } from '../../core/host/patience.ts'

/** A face whose first answers are these; then it succeeds. */
function face(...problems: Array<{ status: number; code: string }>) {
  const bodies: string[] = []
  const fetch = async (request: Request) => {
    bodies.push(await request.text())
    const problem = problems.shift()
    return problem ? Response.json({ code: problem.code }, { status: problem.status }) : Response.json({ done: true })
  }
  return { bodies, ask: patient(fetch, 1000) }
}
const away = { status: 503, code: 'host.engine_away' }
const post = (headers: Record<string, string>, body = '{"stake":"1.00"}') =>
  new Request('https://localhost/api/bets', {
    method: 'POST',
    body,
    headers: { 'content-length': String(body.length), ...headers },
  })

test('while the database is away a request with a key waits, and is asked again whole, with the same key [GLI-B.3.5a]', async () => {
  const { ask, bodies } = face(
    away,
    { status: 503, code: 'base.outcome_unknown' },
    { status: 503, code: 'base.lane_late' },
  )
  expect((await ask(post({ 'idempotency-key': 'k' }))).status).toBe(200)
  expect(bodies).toEqual(Array(4).fill('{"stake":"1.00"}'))
})

test('one without a key is asked once, since it might be done twice; a reading waits', async () => {
  const mutation = face(away)
  expect((await mutation.ask(post({}))).status).toBe(503)
  expect(mutation.bodies).toHaveLength(1)
  const reading = face(away)
  expect((await reading.ask(new Request('https://localhost/api/me'))).status).toBe(200)
})

test('what will not pass is answered at once: a refusal, a core that drains, a deadline that is over, money that is frozen', async () => {
  for (const problem of [
    { status: 422, code: 'ledger.insufficient' },
    { status: 503, code: 'request.late' },
    { status: 409, code: 'ledger.frozen' },
    { status: 500, code: 'host.defect' },
  ]) {
    const { ask, bodies } = face(problem)
    expect((await ask(post({ 'idempotency-key': 'k' }))).status).toBe(problem.status)
    expect(bodies).toHaveLength(1)
  }
})

test('what is larger than a face takes is not kept', async () => {
  const { ask, bodies } = face(away)
  expect((await ask(post({ 'idempotency-key': 'k' }, 'x'.repeat(1001)))).status).toBe(503)
  expect(bodies).toHaveLength(1)
})
