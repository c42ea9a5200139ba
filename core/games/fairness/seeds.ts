import { randomUUID } from 'node:crypto'
import * as audit from '#audit'
import type { Reader, Tx } from '#base'
import { type KeyedCommand, type Keys, openIfKept, open as openSealed, type Place, seal } from '#keys'
import type * as rng from '#rng'
import { gameOf } from '../catalogue.ts'
import { clientSeedInvalid, fairRoundOpen, notFair } from '../errors.ts'
import { numberOf } from '../rounds/view.ts'
import { commitmentOf, type Seeds } from './stream.ts'

/** Whose seeds of which game. */
export type Holder = { wallet: bigint; player: string; game: string }

/** Seeds as their player sees them; the house's own is shown once no round is made with it any more. */
export type SeedsView = {
  commitment: string
  clientSeed: string
  /** How many rounds these seeds have made; the next one has this number. */
  rounds: number
  since: Date
  serverSeed?: string
  until?: Date
}

type Row = {
  seed: string
  commitment: string
  sealed: Buffer
  clientSeed: string
  nonce: bigint
  begunAt: Date
  endedAt: Date | null
}

const seedBytes = 32
const clientSeedPattern = /^[\x20-\x7e]{1,64}$/
const shownMax = 50

/** The seeds of a player's game, the ones in use first. */
export async function seedsOf(reader: Reader, keys: Keys, { wallet, player, game }: Holder): Promise<SeedsView[]> {
  const rows = await reader<Row[]>`
    ${columns(reader)} where wallet = ${wallet} and game = ${gameOf(game).id} order by begun_at desc limit ${shownMax}`
  return Promise.all(rows.map((row) => viewOf(reader, keys, player, row)))
}

/**
 * Commits to a new seed of the house, drawn by the certified generator, and takes the player's words for theirs; the seeds used so far are
 * shown. Rounds of this game are fair by them from now on. Many rounds follow from this one number, so it is drawn with prediction
 * resistance: whoever knew the generator a moment ago knows nothing of it [GLI-3.3.2c].
 *
 * @throws Refusal `games.client_seed_invalid`, `games.fair_round_open`, `rng.unhealthy`, `keys.unavailable`
 */
export async function renewSeeds(
  tx: Tx,
  command: KeyedCommand,
  generator: Pick<rng.Generator, 'stream' | 'reseed'>,
  holder: Holder & { clientSeed: string },
): Promise<SeedsView> {
  if (!clientSeedPattern.test(holder.clientSeed)) throw clientSeedInvalid()
  const { id } = gameOf(holder.game)
  await end(tx, command, holder)
  await generator.reseed()
  const { draw } = generator.stream()
  const serverSeed = Buffer.from(Array.from({ length: seedBytes }, () => draw(256)))
  const row = { seed: randomUUID(), commitment: commitmentOf(serverSeed), clientSeed: holder.clientSeed }
  const sealed = await seal(tx, command, { ...placeOf(holder.player, row.seed), plaintext: serverSeed })
  await tx`
    insert into games.fair_seeds (seed, wallet, game, commitment, sealed, client_seed, begun_at)
    values (${row.seed}, ${holder.wallet}, ${id}, ${row.commitment}, ${sealed}, ${row.clientSeed}, ${command.now})`
  await audit.record(tx, command, {
    action: 'games.seeds_committed',
    subject: holder.player,
    player: holder.player,
    detail: { game: id, commitment: row.commitment },
  })
  return { commitment: row.commitment, clientSeed: row.clientSeed, rounds: 0, since: command.now }
}

/** Rounds of this game are no longer made by seeds; those used last are shown. @throws Refusal `games.not_fair`, `games.fair_round_open` */
export async function endSeeds(tx: Tx, command: KeyedCommand, holder: Holder): Promise<SeedsView> {
  const ended = await end(tx, command, holder)
  if (!ended) throw notFair()
  return viewOf(tx, command.keys, holder.player, ended)
}

/**
 * The seeds of the next round, locked until the transaction ends, so that each number is used once and none is passed over.
 *
 * @throws Refusal `games.not_fair` where the player has none
 */
export async function takeSeeds(
  tx: Tx,
  keys: Keys,
  { wallet, player, game }: Holder,
): Promise<Seeds & { seed: string }> {
  const [row] = await tx<Row[]>`
    ${columns(tx)} where wallet = ${wallet} and game = ${game} and ended_at is null for update`
  if (!row) throw notFair()
  return seedsIn(tx, keys, player, row, row.nonce)
}

/** A round was made with these seeds: the next one has the next number. */
export async function noteFair(
  tx: Tx,
  { wallet, round, seed, nonce }: { wallet: bigint; round: bigint; seed: string; nonce: bigint },
): Promise<void> {
  await tx`update games.fair_seeds set nonce = ${nonce + 1n} where seed = ${seed}`
  await tx`insert into games.fair_rounds (wallet, round, seed, nonce) values (${wallet}, ${round}, ${seed}, ${nonce})`
}

/** The seeds that a round was begun with; undefined for one of the house's generator alone. */
export async function seedsOfRound(
  tx: Tx,
  keys: Keys,
  { wallet, player, round }: { wallet: bigint; player: string; round: bigint },
): Promise<Seeds | undefined> {
  const [row] = await tx<Array<Row & { used: bigint }>>`
    ${columns(tx, tx`, r.nonce as used`)} join games.fair_rounds r using (seed, wallet) where r.wallet = ${wallet} and r.round = ${round}`
  return row && seedsIn(tx, keys, player, row, row.used)
}

/** What a recall tells of it. */
export async function fairnessOf(
  reader: Reader,
  keys: Keys,
  asked: { wallet: bigint; player: string; round: string },
): Promise<(SeedsView & { nonce: number }) | undefined> {
  const [row] = await reader<Array<Row & { used: bigint }>>`
    ${columns(reader, reader`, r.nonce as used`)} join games.fair_rounds r using (seed, wallet)
    where r.wallet = ${asked.wallet} and r.round = ${numberOf(asked.round)}`
  return row && { ...(await viewOf(reader, keys, asked.player, row)), nonce: Number(row.used) }
}

/** Their rounds are over, so the seed of the house may be seen: what is hidden in an open one follows from it. */
async function end(tx: Tx, command: KeyedCommand, { wallet, player, game }: Holder): Promise<Row | undefined> {
  const [row] = await tx<Row[]>`
    ${columns(tx)} where wallet = ${wallet} and game = ${game} and ended_at is null for update`
  if (!row) return undefined
  const waiting = await tx`
    select from games.open_rounds o join games.fair_rounds r using (wallet, round)
    where o.wallet = ${wallet} and o.game = ${game} and r.seed = ${row.seed}`
  if (waiting.count > 0) throw fairRoundOpen()
  await tx`update games.fair_seeds set ended_at = ${command.now} where seed = ${row.seed}`
  await audit.record(tx, command, {
    action: 'games.seeds_revealed',
    subject: player,
    player,
    detail: { game, commitment: row.commitment },
  })
  return { ...row, endedAt: command.now }
}

function columns(reader: Reader, more = reader``) {
  return reader`
    select seed, commitment, sealed, client_seed as "clientSeed", s.nonce, begun_at as "begunAt", ended_at as "endedAt" ${more}
    from games.fair_seeds s`
}

async function seedsIn(
  reader: Reader,
  keys: Keys,
  player: string,
  row: Row,
  nonce: bigint,
): Promise<Seeds & { seed: string }> {
  return { seed: row.seed, serverSeed: await openSeed(reader, keys, player, row), clientSeed: row.clientSeed, nonce }
}

async function viewOf(reader: Reader, keys: Keys, player: string, row: Row): Promise<SeedsView> {
  const { commitment, clientSeed, nonce, begunAt: since, endedAt: until } = row
  const view = { commitment, clientSeed, rounds: Number(nonce), since }
  if (until === null) return view
  const { seed, sealed } = row
  const shown = await openIfKept(reader, keys, { ...placeOf(player, seed), envelope: sealed }) // gone with a player who was erased
  return { ...view, ...(shown ? { serverSeed: shown.toString('hex') } : {}), until }
}

function openSeed(reader: Reader, keys: Keys, player: string, { seed, sealed }: Row): Promise<Buffer> {
  return openSealed(reader, keys, { ...placeOf(player, seed), envelope: sealed })
}

function placeOf(player: string, row: string): Place {
  return { player, purpose: 'credentials', table: 'games.fair_seeds', column: 'sealed', row }
}
