import { expect, test } from 'vitest'
import { openShedding } from '../../../edge/limit/shedding.ts'
import { type RouteClass, routeClasses } from '../../../edge/route.ts'

/** Under more load than it can bear the edge turns away what matters least. */
const config = { delayMillisecondsMax: 100, waitingMax: 4 }

function shedUnder(delayMs: number, waiting: number): RouteClass[] {
  const shedding = openShedding(
    () => config,
    () => waiting,
  )
  for (let i = 0; i < 50; i++) shedding.note(delayMs, waiting)
  const shed = routeClasses.filter((_, index) => shedding.refuse(index) !== undefined)
  shedding.close()
  return shed
}

test('reports go first, then what is only read, then changes, then bets; what ends an open round never', () => {
  expect(shedUnder(50, 1)).toEqual([])
  expect(shedUnder(120, 1)).toEqual(['report'])
  expect(shedUnder(250, 1)).toEqual(['read', 'page', 'report'])
  expect(shedUnder(500, 1)).not.toContain('bet')
  expect(shedUnder(500, 1)).toEqual(expect.arrayContaining(['sign-in', 'deposit', 'change', 'code']))
  expect(shedUnder(1000, 1)).toContain('bet')
  expect(shedUnder(1000, 1)).not.toContain('withdrawal')
  expect(shedUnder(100_000, 1000)).not.toContain('settle')
})

test('what waits at the cores counts as what is late here', () => {
  expect(shedUnder(0, 5)).toEqual(['report'])
  expect(shedUnder(0, 40)).toContain('bet')
})

test('one late moment turns nobody away, and when it is over all are let in again', () => {
  const shedding = openShedding(
    () => config,
    () => 0,
  )
  shedding.note(400, 0)
  expect(shedding.level).toBe(0)
  for (let i = 0; i < 20; i++) shedding.note(400, 0)
  expect(shedding.level).toBe(2)
  const refused = shedding.refuse(routeClasses.indexOf('report'))
  expect(refused).toMatchObject({ status: 503, code: 'edge.busy' })
  expect(Number(refused!.headers![1])).toBeGreaterThanOrEqual(1)
  for (let i = 0; i < 40; i++) shedding.note(0, 0)
  expect(shedding.level).toBe(0)
  shedding.close()
})
