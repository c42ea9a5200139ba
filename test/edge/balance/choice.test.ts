import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Breakers } from '../../../edge/balance/breaker.ts'
import { type Candidate, type ChoiceRules, choose, isBlocked } from '../../../edge/balance/choice.ts'
import { eject, type Health, mayEject, newHealth, probed } from '../../../edge/balance/health.ts'
import { weigh } from '../../../edge/balance/rendezvous.ts'

/** Which core gets a request, decided without any connection. */
const rules: ChoiceRules = { silenceMs: 500, slowStartMs: 10_000, loadFactor: 1.25 }
const breakerRules = { failuresMax: 5, windowMs: 10_000, openMs: 1000, openMsMax: 30_000, inFlightMax: 1024 }

type Told = { inFlight?: number; slowness?: number; health?: Partial<Health> }

function core(name: string, { inFlight = 0, slowness = 1, health = {} }: Told = {}): Candidate {
  return {
    name,
    inFlight,
    slowness,
    breakers: new Breakers(2, breakerRules),
    health: { ...newHealth(0), ready: true, ...health },
  }
}

const pick = (
  cores: Candidate[],
  more: { tried?: Candidate[]; affinity?: string; ms?: number; awakeMs?: number } = {},
) =>
  choose(cores, { routeClass: 0, tried: more.tried ?? [], affinity: more.affinity }, rules, {
    ms: more.ms ?? 0,
    awakeMs: more.awakeMs ?? 0,
  })

const share = (cores: Candidate[], of: string, draws = 4000, ms = 0) =>
  Array.from({ length: draws }, () => pick(cores, { ms })).filter((chosen) => chosen?.name === of).length / draws

describe('the less loaded of two', () => {
  test('of two cores the one with fewer requests under way, whatever the lot', () => {
    expect(share([core('a', { inFlight: 3 }), core('b', { inFlight: 9 })], 'a')).toBe(1)
  })

  test('a core that is twice as slow counts as twice as busy', () => {
    expect(share([core('a', { inFlight: 3, slowness: 2.5 }), core('b', { inFlight: 5 })], 'b')).toBe(1)
  })

  test('among many the busiest gets nothing, and none gets all', () => {
    const cores = ['a', 'b', 'c', 'd', 'e'].map((name, i) => core(name, { inFlight: i }))
    expect(share(cores, 'e')).toBe(0)
    expect(share(cores, 'a')).toBeGreaterThan(0.3)
    expect(share(cores, 'a')).toBeLessThan(0.5) // it is one of the two drawn in 2/5 of all draws
  })

  test('whoever is chosen is of the best standing there is, was not tried, and is not drained', () => {
    const standing = fc.constantFrom('sound', 'silent', 'out', 'drained')
    fc.assert(
      fc.property(fc.array(fc.tuple(standing, fc.boolean()), { minLength: 1, maxLength: 8 }), (drawn) => {
        const health = { sound: {}, silent: { heardMs: -1000 }, out: { ready: false }, drained: { drained: true } }
        const cores = drawn.map(([its], i) => core(`${i}`, { health: health[its as keyof typeof health] }))
        const tried = cores.filter((_, i) => drawn[i]?.[1])
        const chosen = pick(cores, { tried })
        const rank = (one: Candidate) => ['sound', 'silent', 'out'].indexOf(drawn[Number(one.name)]![0])
        const open = cores.filter((one) => rank(one) >= 0 && !tried.includes(one))
        if (open.length === 0) expect(chosen).toBeUndefined()
        else expect(rank(chosen!)).toBe(Math.min(...open.map(rank)))
      }),
    )
  })
})

describe('slow start', () => {
  test('who comes back gets its share little by little', () => {
    const back = core('back', { health: { admittedMs: 0 } })
    const others = core('there', { inFlight: 5 })
    expect(share([back, others], 'back', 4000, 1000)).toBeCloseTo(0.1, 1)
    expect(share([back, others], 'back', 4000, 5000)).toBeCloseTo(0.5, 1)
    expect(share([back, others], 'back', 4000, 10_000)).toBe(1)
  })

  test('who comes in alone, or is new with all the others, has everything at once', () => {
    const health = newHealth(0)
    probed(health, true, 0, 10, true)
    expect(health.admittedMs).toBe(-Infinity)
    probed(health, false, 20, 30, true)
    probed(health, true, 40, 50, false)
    expect(health.admittedMs).toBe(-Infinity)
    probed(health, false, 60, 70, true)
    probed(health, true, 80, 90, true)
    expect(health.admittedMs).toBe(90)
  })
})

describe('affinity', () => {
  const names = Array.from({ length: 5 }, (_, i) => `core-${i}`)
  const keys = Array.from({ length: 2000 }, (_, i) => `session-${i}`)

  test('the same goes to the same, and a core that leaves moves only what was its own', () => {
    const cores = names.map((name) => core(name))
    const before = new Map(keys.map((key) => [key, pick(cores, { affinity: key })?.name]))
    for (const key of keys) expect(pick(cores, { affinity: key })?.name).toBe(before.get(key))
    const rest = cores.filter(({ name }) => name !== 'core-2')
    for (const key of keys)
      if (before.get(key) !== 'core-2') expect(pick(rest, { affinity: key })?.name).toBe(before.get(key))
  })

  test('keys spread evenly', () => {
    const heaviest = (key: string) => names.reduce((a, b) => (weigh(key, b) > weigh(key, a) ? b : a))
    const counts = names.map((name) => keys.filter((key) => heaviest(key) === name).length)
    expect(Math.min(...counts)).toBeGreaterThan(300)
    expect(Math.max(...counts)).toBeLessThan(500)
  })

  test('who has far more than the others passes what comes on to the next', () => {
    const cores = names.map((name) => core(name, { inFlight: 10 }))
    const home = pick(cores, { affinity: 'x' })!.name
    const flooded = names.map((name) => core(name, { inFlight: name === home ? 40 : 10 }))
    expect(pick(flooded, { affinity: 'x' })!.name).not.toBe(home)
  })
})

describe('out and in', () => {
  test('a failure takes a core out, and only a probe that began later lets it in', () => {
    const health = { ...newHealth(0), ready: true }
    eject(health, 100)
    probed(health, true, 90, 110, true) // asked before it failed
    expect(health.ejectedMs).toBe(100)
    probed(health, true, 120, 130, true)
    expect(health.ejectedMs).toBeUndefined()
  })

  test('failures alone never take out more than half', () => {
    const healths = Array.from({ length: 4 }, () => ({ ...newHealth(0), ready: true }))
    const out = healths.filter((health) => {
      const may = mayEject(healths, 0.5)
      if (may) eject(health, 0)
      return may
    })
    expect(out).toHaveLength(2)
    expect(mayEject([{ ...newHealth(0), ready: true }], 0.5)).toBe(false)
  })

  test('a core that is silent is asked last, not never', () => {
    const silent = core('silent', { health: { heardMs: 0 } })
    const sound = core('sound', { inFlight: 500, health: { heardMs: 900 } })
    expect(pick([silent, sound], { awakeMs: 1000 })?.name).toBe('sound')
    expect(pick([silent, sound], { awakeMs: 1000, tried: [sound] })?.name).toBe('silent')
  })

  test('a class that no core takes is blocked; drained cores are none', () => {
    const one = core('one')
    const other = core('other', { health: { drained: true } })
    for (let i = 0; i < 5; i++) {
      one.breakers.began(0)
      one.breakers.ended(0, false, 0)
    }
    expect(isBlocked([one, other], 0, 10)).toBe(true)
    expect(isBlocked([one, other], 1, 10)).toBe(false)
    expect(isBlocked([], 0, 10)).toBe(false)
  })
})
