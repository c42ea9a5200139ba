import { systemCommand } from '#base'
import * as players from '#players'
import { sendMail } from '../carriers/mail.ts'
import { type Host, transact } from '../host.ts'
import type { JobDefinition } from '../queue.ts'

/** The code is made when the mail is, so that no job row ever holds one. */
export const sendConfirmation: JobDefinition = {
  queue: 'players.send_confirmation',
  async run(host, { player = '' }) {
    const code = await transact(host, (tx) =>
      players.newConfirmation(tx, keyed(host, 'players.send_confirmation'), player),
    )
    if (!code) return
    const { email, name } = await players.profile(host.sql, host.keys, player)
    await sendMail(host, {
      to: email,
      subject: 'Your confirmation code',
      text: `Hello ${name},\n\nyour code is ${code}. It is good for 30 minutes.\n\nIf you did not register, you need not do anything.\n`,
    })
  },
}

export const tellAlreadyRegistered: JobDefinition = {
  queue: 'players.tell_already_registered',
  async run(host, { player = '' }) {
    const { email, name } = await players.profile(host.sql, host.keys, player)
    await sendMail(host, {
      to: email,
      subject: 'You have an account already',
      text: `Hello ${name},\n\nsomebody, probably you, tried to register with this address. You have an account already: just sign in.\n`,
    })
  },
}

function keyed(host: Host, name: string) {
  return { ...systemCommand(name, host.now()), keys: host.keys }
}
