import { Refusal, type Tx } from '#base'
import * as cashier from '#cashier'
import { gatewayOf } from '../gateways/gateways.ts'
import { type Host, type HostCommand, transact } from '../host.ts'
import { tellPlayer } from '../live.ts'
import type { JobDefinition } from '../queue.ts'

type JobHost = Pick<Host, 'config' | 'sql' | 'keys' | 'cache' | 'log' | 'now'>

/** Sends one approved withdrawal. Three steps: write down that it goes, ask the gateway, write down what it said. */
export const payouts: JobDefinition = {
  queue: 'payouts',
  run: (host, data) => sendPayout(host, data.withdrawal ?? ''),
}

async function sendPayout(host: JobHost, withdrawal: string): Promise<void> {
  const going = await transact(host, (tx) => cashier.pay(tx, commandOf(host), withdrawal))
  if (!going) return
  const answer = await gatewayOf(host, going.gateway).sendPayout(going.order)
  await transact(host, (tx) => note(tx, host, going.gateway, withdrawal, answer))
  if (answer.fate === 'not_sent') throw notSent(answer.reason)
  await tell(host, withdrawal)
}

/** Asks the gateway about payouts that were sent and have not ended. */
export const cashierSweep: JobDefinition = {
  queue: 'cashier-sweep',
  cron: '* * * * *',
  retryMax: 0,
  run: (host) => askAboutPayouts(host),
}

async function askAboutPayouts(host: JobHost): Promise<void> {
  for (const { id, gateway } of await cashier.unanswered(host.sql, host.now())) {
    const answer = await gatewayOf(host, gateway).askPayout(id)
    if (answer.fate === 'not_sent' || answer.fate === 'unknown') continue
    await transact(host, (tx) => note(tx, host, gateway, id, answer))
    await tell(host, id)
  }
}

async function note(
  tx: Tx,
  host: JobHost,
  gateway: string,
  withdrawal: string,
  answer: cashier.PayoutAnswer | { fate: 'absent' },
): Promise<void> {
  const command = commandOf(host)
  switch (answer.fate) {
    case 'accepted':
      return cashier.payoutAccepted(tx, withdrawal, answer.payout)
    case 'not_sent':
      return cashier.payoutNotSent(tx, withdrawal)
    case 'unknown':
    case 'absent':
      return cashier.payoutUnknown(tx, command, withdrawal)
    default:
      await ended(tx, command, gateway, withdrawal, answer)
  }
}

/** The gateway's answer and its event come to the same verb. */
async function ended(
  tx: Tx,
  command: HostCommand,
  gateway: string,
  withdrawal: string,
  answer: { fate: 'paid' | 'refused' | 'accepted'; payout?: string; reason?: string },
): Promise<void> {
  const { amount, currency } = await cashier.withdrawalOf(tx, withdrawal)
  await cashier.apply(tx, command, gateway, {
    id: `answer:${withdrawal}`,
    type: answer.fate === 'paid' ? 'payout.paid' : 'payout.failed',
    reference: withdrawal,
    object: answer.payout ?? withdrawal,
    amount: { amount, currency },
    ...(answer.reason ? { reason: answer.reason } : {}),
  })
}

async function tell(host: JobHost, withdrawal: string): Promise<void> {
  await tellPlayer(host, (await cashier.withdrawalOf(host.sql, withdrawal)).player, 'balance')
}

/** The engine tries again, with backoff. */
function notSent(reason: string): Refusal {
  return new Refusal('unavailable', 'cashier.payout_not_sent', `The payout was not sent: ${reason}`)
}

function commandOf(host: JobHost): HostCommand {
  return { actor: { kind: 'system', id: 'payouts' }, now: host.now(), requestId: '', keys: host.keys }
}
