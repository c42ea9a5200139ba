import { Gauge, register } from 'prom-client'
import { enqueue, isId, systemCommand } from '#base'
import * as messages from '#messages'
import * as players from '#players'
import { carrierOf } from '../carriers/carriers.ts'
import { type Host, transact } from '../host.ts'
import type { JobDefinition } from '../queue.ts'

type JobHost = Pick<Host, 'config' | 'sql' | 'keys' | 'log' | 'now'>

/** Sends one message: takes it, hands it to its carrier outside any transaction, writes down what that said. */
export const sendMessage: JobDefinition = {
  queue: messages.sendQueue,
  atOnce: 10,
  run: (host, { message = '' }) => send(host, message),
}

/** Messages whose job got lost go out again; what ended long ago is forgotten. */
export const messagesSweep: JobDefinition = {
  queue: 'messages.sweep',
  cron: '* * * * *',
  retryMax: 0,
  async run(host) {
    observeMessages(host)
    for (const message of await messages.leftOver(host.sql, host.now()))
      await transact(host, (tx) => enqueue(tx, { queue: messages.sendQueue, data: { message } }))
    await transact(host, (tx) => messages.forget(tx, host.now()))
  },
}

export async function send(host: JobHost, message: string): Promise<void> {
  const { brand } = host.config
  const letter = await transact(host, (tx) => messages.take(tx, commandOf(host), message, { directory, brand }))
  if (!letter) return
  const fate = await carrierOf(host, letter.channel).send(letter)
  if (fate.fate !== 'accepted') host.log.warn({ message, channel: letter.channel, ...fate }, 'message not sent')
  await transact(host, (tx) => messages.note(tx, commandOf(host), message, fate))
}

/** Staff have no address of their own. */
const directory: messages.Directory = async (reader, keys, holder) =>
  isId('plr', holder) ? players.contact(reader, keys, holder) : undefined

function commandOf(host: JobHost) {
  return { ...systemCommand('messages.send', host.now()), keys: host.keys }
}

const waitingMetric = 'countroom_messages_waiting_timestamp_seconds'

/** What the rows say at this moment; where the database does not answer there is nothing, an alarm of its own. */
function observeMessages({ sql, now }: JobHost): void {
  if (register.getSingleMetric(waitingMetric)) return
  type Standing = Awaited<ReturnType<typeof messages.standing>>[number]
  const observe = (name: string, help: string, read: (of: Standing) => number | undefined) =>
    new Gauge({
      name,
      help,
      labelNames: ['channel'],
      async collect() {
        this.reset()
        for (const each of await messages.standing(sql, now()).catch(() => [])) {
          const value = read(each)
          if (value !== undefined) this.set({ channel: each.channel }, value)
        }
      },
    })
  observe(waitingMetric, 'Since when the oldest message waits that has not gone out.', ({ waitingSince }) =>
    waitingSince ? waitingSince.getTime() / 1000 : undefined,
  )
  observe('countroom_messages_given_up', 'Messages of the last 24 hours that were given up.', ({ givenUp }) => givenUp)
  observe(
    'countroom_messages_addresses_bounced',
    'Addresses from which what we send comes back.',
    ({ bounced }) => bounced,
  )
}
