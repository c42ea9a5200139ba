import * as messages from '#messages'
import type { World } from './world.ts'

/** The code in the text message that was asked for last, as the job would hand it to a carrier. */
export async function lastSms(world: World): Promise<string> {
  const { data = {} } = world.jobs.filter(({ queue }) => queue === messages.sendQueue).at(-1) ?? {}
  const directory = async () => ({ email: 'ada@example.com', name: 'Ada', language: 'en' as const })
  const setting = { directory, brand: 'Countroom' }
  const letter = await world.act((tx) => messages.take(tx, world.command(), String(data.message), setting))
  const code = /\d{6}/.exec(letter?.text ?? '')?.[0]
  if (!code) throw new Error('no text message with a code was asked for')
  return code
}
