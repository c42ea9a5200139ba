import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { type Currency, showMoney, type WireMoney } from '#base'
import * as rng from '#rng'
import { gameOf } from './catalogue.ts'
import { freePlaceInvalid } from './errors.ts'
import type { Game, Played } from './game.ts'

/**
 * A round without money [GLI-4.9.1]: the same mathematics and the same generator as a paid one, so the same odds, and nothing of it is
 * booked, recorded or counted. What a round that waits hides travels sealed with the player, so strangers leave nothing behind here.
 */
type FreeRound = {
  game: string
  version: string
  status: 'open' | 'settled'
  stake: WireMoney
  win: WireMoney
  outcome: Record<string, unknown>
  step?: number
  moves?: readonly string[]
  /** What the next move brings along; sealed. */
  place?: string
}

/** What is in `place`. */
type Place = {
  game: string
  version: string
  currency: Currency
  stake: string
  step: number
  state: Record<string, unknown>
  until: number
}

export type FreePlay = {
  play(game: string, choice: unknown, currency: Currency): FreeRound
  /** @throws Refusal `games.free_place_invalid`, `games.choice_invalid` */
  move(place: string, move: unknown): FreeRound
}

const placeHours = 24
const nonceBytes = 12
const tagBytes = 16

/** @param key 32 bytes that every process of the house has */
export function openFreePlay(parts: { generator: Pick<rng.Generator, 'stream'>; key: Buffer; now(): Date }): FreePlay {
  return {
    play(id, input, currency) {
      const game = gameOf(id)
      const choice = game.readChoice(input, currency)
      const played = game.play(choice, rng.record(parts.generator.stream()).draws)
      return told(game, played, { currency, stake: game.stakeOf(choice), step: 1 })
    },
    move(text, input) {
      const place = open(text)
      const game = gameOf(place.game, place.version)
      const move = game.moves!.read(place.state, input)
      const stake = BigInt(place.stake) + game.moves!.stakeOf(place.state, move)
      const played = game.moves!.make(place.state, move, rng.record(parts.generator.stream()).draws)
      return told(game, played, { currency: place.currency, stake, step: place.step + 1 })
    },
  }

  function told(
    game: Game,
    { outcome, win, state }: Played,
    { currency, stake, step }: { currency: Currency; stake: bigint; step: number },
  ): FreeRound {
    const { id, version, moves } = game
    const show = (amount: bigint) => showMoney({ amount, currency })
    const round = { game: id, version, stake: show(stake), outcome }
    if (state === undefined) return { ...round, status: 'settled', win: show(win) }
    const until = parts.now().getTime() + placeHours * 3_600_000
    const place = seal({ game: id, version, currency, stake: String(stake), step, state, until })
    return { ...round, status: 'open', win: show(0n), step, moves: moves!.open(state), place }
  }

  function seal(place: Place): string {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv('aes-256-gcm', parts.key, nonce, { authTagLength: tagBytes })
    const sealed = Buffer.concat([cipher.update(JSON.stringify(place), 'utf8'), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')
  }

  function open(text: string): Place {
    try {
      const bytes = Buffer.from(text, 'base64url')
      const nonce = bytes.subarray(0, nonceBytes)
      const decipher = createDecipheriv('aes-256-gcm', parts.key, nonce, { authTagLength: tagBytes })
      decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
      const sealed = bytes.subarray(nonceBytes + tagBytes)
      const place = JSON.parse(Buffer.concat([decipher.update(sealed), decipher.final()]).toString()) as Place
      if (place.until > parts.now().getTime()) return place
    } catch {
      // Not ours, or not whole any more: told alike.
    }
    throw freePlaceInvalid()
  }
}
