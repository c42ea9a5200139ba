import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openOwners } from '../../../edge/limit/owners.ts'
import { type EdgeLab, openEdgeLab } from '../../support/edge-lab.ts'

/** A player is one who asks, by however many sign-ins they do. */
describe('what is remembered of whose sign-ins are', () => {
  const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
  const asker = fc.record({ low: word, high: word })

  test('is what was told last, or nothing, and never that of another sign-in', () => {
    const told = fc.array(fc.tuple(asker, asker), { maxLength: 200 })
    fc.assert(
      fc.property(told, (all) => {
        const owners = openOwners(new Int32Array(4 * 16))
        const latest = new Map<string, object>()
        for (const [session, player] of all) {
          owners.tell(session, player)
          latest.set(JSON.stringify(session), player)
          if (player.low !== 0 || player.high !== 0) expect(owners.of(session)).toEqual(player)
        }
        for (const [session, player] of latest)
          expect([player, undefined]).toContainEqual(owners.of(JSON.parse(session)))
      }),
    )
  })

  test('is nothing where two wrote at once and each of them a part', () => {
    fc.assert(
      fc.property(
        asker,
        asker,
        asker,
        asker,
        fc.integer({ min: 1, max: 14 }),
        (one, ownOne, other, ownOther, parts) => {
          const written = (session: typeof one, player: typeof one) => {
            const places = new Int32Array(16)
            openOwners(places).tell(session, player)
            return places
          }
          const [first, second] = [written(one, ownOne), written(other, ownOther)]
          const mixed = first.map((value, place) => ((parts >> place) & 1 ? second[place]! : value))
          const owners = openOwners(mixed)
          expect([ownOne, undefined]).toContainEqual(owners.of(one))
          expect([ownOther, undefined]).toContainEqual(owners.of(other))
        },
      ),
    )
  })
})

describe('at two workers before a core that tells', () => {
  const owner: Record<string, string> = { a: 'ply_1', b: 'ply_1', c: 'ply_2' } // and of d it knows nothing
  const secretOf = (letter: string) => letter.repeat(43)
  let lab: EdgeLab
  beforeAll(async () => {
    const counted = { name: 'reports', by: 'player', classes: ['report'], quota: 6, windowSeconds: 600 }
    lab = await openEdgeLab(
      ({ headers }, response) => {
        const letter = /__Host-session=(.)/.exec(headers.join())?.[1]
        const player = letter && owner[letter]
        if (player) response.setHeader('x-player', player) // also where it was not asked
        response.end('{}')
      },
      { cores: 1, workers: 2, limits: { rules: [counted] } },
    )
  })
  afterAll(() => lab?.stop())

  const ask = (path: string, letter?: string, ...more: string[]) =>
    lab.say(
      [
        `GET ${path} HTTP/1.1`,
        'host: localhost',
        'connection: close',
        ...(letter ? [`cookie: __Host-session=${secretOf(letter)}`] : []),
        ...more,
        '',
        '',
      ].join('\r\n'),
    )
  const wanted = () => lab.cores[0]!.asked.filter(({ headers }) => headers.includes('x-player-wanted'))
  const letIn = async (letters: string) => {
    const answers = await Promise.all(Array.from(letters, (letter) => ask('/api/rounds', letter)))
    return answers.filter((answer) => answer.startsWith('HTTP/1.1 200 ')).length
  }

  test('it is asked once for each sign-in, and what it says goes no further', async () => {
    for (const letter of 'aaabbbccc') {
      const answer = await ask('/api/me', letter)
      expect(answer).toMatch(/^HTTP\/1\.1 200 /)
      expect(answer).not.toMatch(/x-player|ply_/i)
    }
    expect(wanted()).toHaveLength(3)
  })

  test('all sign-ins of a player have one limit together, another player has their own', async () => {
    expect(await letIn('abababababab')).toBe(6)
    expect(await letIn('cccccccc')).toBe(6)
  })

  test('of whom no core knows a sign-in counts by itself', async () => {
    expect(await letIn('dddddddd')).toBe(6)
    expect(await letIn('eeeeeeee')).toBe(6)
  })

  test('a stranger can neither ask nor tell', async () => {
    lab.cores[0]!.asked.length = 0
    await ask('/api/me', undefined, 'x-player-wanted: 1', 'x-player: ply_2')
    await ask('/api/me', 'a', 'X-Player-Wanted: 1', 'x-player: ply_2')
    expect(lab.cores[0]!.asked).toHaveLength(2)
    expect(lab.cores[0]!.asked.flatMap(({ headers }) => headers).join()).not.toMatch(/x-player/i)
    expect(await letIn('a')).toBe(0)
  })
})
