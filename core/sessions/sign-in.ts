import * as audit from '#audit'
import type { Command, Reader, Refusal, Tx } from '#base'
import type { KeyedCommand, Keys } from '#keys'
import * as licences from '#licences'
import * as messages from '#messages'
import * as players from '#players'
import { type Attempt, accountOf, ownerOf, renewPassword } from './credential.ts'
import { familiarity, isFamiliar, keepDevice } from './device.ts'
import { locked, passkeyRefused, secondFactorRequired, signInRefused, throttled } from './errors.ts'
import {
  countFailure,
  type Failures,
  fail,
  failuresOf,
  forgive,
  isShutOut,
  isThrottled,
  queueUp,
  unlock,
} from './failure.ts'
import { type Origin, openOrigin, subjectOf } from './origin.ts'
import { aalOf, besidePassword, type Shown } from './policy.ts'
import { sendCode, useProof, waysOf } from './proof.ts'
import { type Concern, concernsOf } from './risk.ts'
import { end, open, type Session } from './session.ts'

/** The secrets of the session and of the device, for the two cookies. */
export type Begun = { secret: string; device: string; session: Session }

/** Where failures go that are nobody's. */
const nobody = subjectOf('player', '')
const lockNewsMinutes = 60

type Standing = Awaited<ReturnType<typeof familiarity>>

/**
 * Begins a session for an attempt that was right, in place of the one this browser had; asks for more than the password
 * where something is unusual. Answers a refusal instead of throwing it, because a failure is remembered: the transaction must
 * commit either way.
 *
 * After three failures unknown devices are kept out of the account, whatever they say, until a second factor is shown
 * [GLI-2.5.3d-1] [GLI-2.5.3d-2]; a device the account knows still gets in, so nobody can lock another out, unless it was that device on
 * which it went wrong. An address that nobody has locks alike [GLI-2.5.3a].
 */
export async function begin(
  tx: Tx,
  command: KeyedCommand,
  tried: Attempt,
  replaced?: Session,
): Promise<Begun | { refusal: Refusal }> {
  const { account, origin, proof } = tried
  await queueUp(tx, account)
  const rules = await licences.rules(tx)
  const failures = await failuresOf(tx, command.keys, {
    account,
    origin,
    now: command.now,
    minutes: rules.signInFailureMinutes,
  })
  const device = await familiarity(tx, tried.owner ?? '', origin.device)
  const known = device.standing === 'known'
  if (tried.throttled || isThrottled(failures, known))
    return refused(tx, command, 'throttled', throttled(rules.signInFailureMinutes))
  if (proof === undefined && (await isShutOut(tx, { account, origin, known }))) {
    await countFailure(tx, command, account, origin)
    return refused(tx, command, 'locked', locked())
  }
  const owner = await ownerOf(tx, tried)
  // A proof of who does not know the password is not looked at: it would use up the codes of whose account it is.
  if (owner === undefined || !(proof === undefined || (await useProof(tx, command, owner, proof)))) {
    const failing = { account, origin, known, failures, max: rules.signInFailuresMax }
    if ((await fail(tx, command, failing)).locked && tried.owner) await tellLocked(tx, command, tried.owner)
    return refused(tx, command, 'address or password wrong', signInRefused())
  }
  if (tried.renewed) await renewPassword(tx, { player: owner, ...tried.renewed })
  if (proof === undefined) {
    const concerns = await concernsAbout(tx, command, owner, origin, device, failures)
    if (concerns.length > 0) return askForMore(tx, command, owner, concerns)
  }
  const shown = { password: command.now, ...(proof ? { [proof.factor]: command.now } : {}) }
  return letIn(tx, command, { player: owner, account, shown, origin, replaced })
}

/**
 * Begins a session for who showed a passkey with the user verified: that is two factors by itself, so nothing else is asked, and
 * a lock is opened by it [GLI-2.5.3d-2], and what others failed at from there keeps nobody out who has theirs.
 */
export async function beginWithPasskey(
  tx: Tx,
  command: KeyedCommand,
  { player, origin, replaced }: { player: string | undefined; origin: Origin; replaced: Session | undefined },
): Promise<Begun | { refusal: Refusal }> {
  if (player !== undefined && (await players.holdActive(tx, player)))
    return letIn(tx, command, {
      player,
      account: accountOf(player),
      shown: { passkey: command.now },
      origin,
      replaced,
    })
  const { signInFailureMinutes: minutes } = await licences.rules(tx)
  const failures = await failuresOf(tx, command.keys, { account: nobody, origin, now: command.now, minutes })
  if (isThrottled(failures, false)) return refused(tx, command, 'throttled', throttled(minutes))
  await countFailure(tx, command, nobody, origin)
  return refused(tx, command, 'passkey wrong', passkeyRefused())
}

/**
 * Asks for another code for an address, or, for one that nobody has, does the same as far as anybody can see. From a device or a network the
 * account knows it is the player who asks; from elsewhere anybody, who uses up no code of theirs.
 */
export async function askCodeFor(
  tx: Tx,
  command: KeyedCommand,
  { email, origin }: { email: string; origin: Origin },
): Promise<void> {
  const player = await players.findByEmail(tx, command.keys, email)
  if (player?.status === 'active') {
    const own = await isFamiliar(tx, command.keys, player.player, origin)
    await sendCode(tx, command, player.player, own ? 'player' : 'anybody')
  }
  await audit.record(tx, command, { action: 'sessions.code_asked', subject: player?.player ?? 'unknown' })
}

async function concernsAbout(
  tx: Tx,
  command: KeyedCommand,
  player: string,
  { place, listed }: Origin,
  { standing }: Standing,
  { accountOfDay }: Failures,
): Promise<Concern[]> {
  const before = await lastPlace(tx, command.keys, player)
  return concernsOf({ now: command.now, place, before, device: standing, listed, failures: accountOfDay })
}

async function lastPlace(reader: Reader, keys: Keys, player: string) {
  const [row] = await reader<Array<{ signIn: string; at: Date; origin: Buffer }>>`
    select sign_in as "signIn", at, origin from sessions.sign_ins
    where player = ${player} and origin is not null order by at desc limit 1`
  const place = row && (await openOrigin(reader, keys, { ...row, player })).place
  return place ? { at: row.at, place } : undefined
}

async function askForMore(
  tx: Tx,
  command: KeyedCommand,
  player: string,
  concerns: Concern[],
): Promise<{ refusal: Refusal }> {
  const beside = besidePassword(await waysOf(tx, player))
  if (beside.includes('email')) await sendCode(tx, command, player, 'player')
  await audit.record(tx, as(command, player), {
    action: 'sessions.second_factor_asked',
    subject: player,
    detail: { concerns },
  })
  return { refusal: secondFactorRequired(beside) }
}

async function letIn(
  tx: Tx,
  command: KeyedCommand,
  entry: { player: string; account: Buffer; shown: Shown; origin: Origin; replaced: Session | undefined },
): Promise<Begun> {
  const { player, account, shown, origin, replaced } = entry
  await forgive(tx, account, origin)
  const acting = as(command, player)
  if (aalOf(shown) === 2 && (await unlock(tx, account, origin)))
    await audit.record(tx, acting, { action: 'sessions.unlocked', subject: player })
  if (replaced) await end(tx, as(command, replaced.playerId), replaced.id)
  const { standing } = await familiarity(tx, player, origin.device)
  const device = await keepDevice(tx, command, { player, secret: origin.device })
  const opened = await open(tx, command, { player, shown, origin, device: device.device })
  await audit.record(tx, acting, { action: 'sessions.begun', subject: player, detail: { aal: opened.session.aal } })
  if (standing === 'new') await tellNewDevice(tx, command, player, origin)
  return { ...opened, device: device.secret }
}

async function tellNewDevice(tx: Tx, command: KeyedCommand, player: string, { browser }: Origin): Promise<void> {
  const at = `${command.now.toISOString().slice(0, 16).replace('T', ' ')} UTC`
  await messages.tell(tx, command, { to: player, template: 'sign_in_new_device', values: { device: browser, at } })
}

/** Whoever locks an account has told its owner, but not again and again. */
async function tellLocked(tx: Tx, command: KeyedCommand, player: string): Promise<void> {
  await messages.tell(tx, command, {
    to: player,
    template: 'account_locked',
    values: {},
    quietMinutes: lockNewsMinutes,
  })
}

/** Who it might have been is not written down: it may not have been them. From where it came is [GLI-2.8.8a]. */
async function refused(tx: Tx, command: Command, cause: string, refusal: Refusal): Promise<{ refusal: Refusal }> {
  await audit.record(tx, as(command, 'anonymous'), {
    action: 'sessions.sign_in_refused',
    subject: 'unknown',
    detail: { cause },
  })
  return { refusal }
}

function as<C extends Command>(command: C, id: string): C {
  return { ...command, actor: { ...command.actor, id } }
}
