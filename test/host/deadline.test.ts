import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { inTime, nodeClockMs } from '../../core/host/middleware/deadline.ts'
import { problemOf, problemResponse } from '../../core/host/refusals.ts'

test('what comes after its deadline is not begun, and may be asked again', async () => {
  let begun = 0
  const app = new Hono()
  app.use(inTime() as never)
  app.onError((error) => problemResponse(problemOf(error, 'req_1')))
  app.post('/bet', (c) => {
    begun++
    return c.json({})
  })
  const bet = (deadline?: number) =>
    app.request('/bet', { method: 'POST', headers: deadline === undefined ? {} : { 'x-deadline': String(deadline) } })
  expect((await bet()).status).toBe(200)
  expect((await bet(Math.ceil(nodeClockMs() + 5000))).status).toBe(200)
  const late = await bet(Math.ceil(nodeClockMs() - 5))
  expect(late.status).toBe(503)
  expect(await late.json()).toMatchObject({ code: 'request.late' })
  expect(begun).toBe(2)
})
