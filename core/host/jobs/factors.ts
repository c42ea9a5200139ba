import { isId } from '#base'
import * as players from '#players'
import { sendMail } from '../carriers/mail.ts'
import type { JobDefinition } from '../queue.ts'

const words: Record<string, string> = {
  added: 'A new way to sign in was added to your account',
  removed: 'A way to sign in was removed from your account',
  recovery_codes_made: 'New recovery codes were made for your account; those you had before are void',
  recovery_code_used: 'A recovery code of your account was used',
}
const kinds: Record<string, string> = {
  passkey: ' (a passkey)',
  totp: ' (an authenticator app)',
  sms: ' (a telephone)',
}

/** Tells a player what became of their ways to sign in; whoever did not do it has to hear of it. */
export const tellFactorChange: JobDefinition = {
  queue: 'factors.tell',
  async run(host, { holder = '', change = '', kind = '', at = '' }) {
    if (!isId('plr', holder)) return // staff have no address here; their colleagues see it in the log
    const { email, name } = await players.profile(host.sql, host.keys, holder)
    await sendMail(host, {
      to: email,
      subject: 'Your ways to sign in have changed',
      text: `Hello ${name},\n\n${words[change]}${kinds[kind] ?? ''}, at ${at.slice(0, 16).replace('T', ' ')} UTC.\n\nIf this was not you, sign in, end all sessions, and write to us.\n`,
    })
  },
}
