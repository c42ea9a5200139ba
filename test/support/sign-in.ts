import * as messages from '#messages'
import * as sessions from '#sessions'
import type { World } from './world.ts'

/** Somebody at a computer in a network of their own. */
export function origin(changes: Partial<sessions.Origin> = {}): sessions.Origin {
  return {
    address: '192.0.2.7',
    device: undefined,
    browser: 'Firefox on Linux',
    place: undefined,
    listed: false,
    ...changes,
  }
}

/** An attempt with the right password, which was looked at already. */
export function rightAttempt(player: string, changes: Partial<sessions.Origin> = {}): sessions.Attempt {
  return { owner: player, right: true, account: sessions.accountOf(player), origin: origin(changes) }
}

/** The code to sign in of the newest mail to a player, as they would read it. */
export async function mailedCode(world: World, player: string): Promise<string> {
  return /code is (\d{6})/.exec(await mailed(world, player, 'sign_in_code'))![1]!
}

/** The text of the newest mail of a template to a player that has not gone out yet. */
export async function mailed(world: World, player: string, template: messages.TemplateName): Promise<string> {
  const [row] = await world.admin<Array<{ message: string; at: Date }>>`
    select message, due_at as at from messages.outbox
    where holder = ${player} and template = ${template} and state = 'waiting' and attempts = 0
    order by made_at desc, message desc limit 1`
  if (!row) throw new Error(`nothing of ${template} was sent to ${player}`)
  const directory = async () => ({ email: 'ada@example.com', name: 'Ada', language: 'en' as const })
  const letter = await world.act((tx) =>
    messages.take(tx, world.command(row.at), row.message, { directory, brand: 'Casino' }),
  )
  return letter?.text ?? ''
}
