import { Histogram } from 'prom-client'
import * as cashier from '#cashier'
import { gatewayOf } from '../gateways/gateways.ts'
import { type Host, transact } from '../host.ts'
import { tellPlayer } from '../live.ts'
import type { JobDefinition } from '../queue.ts'

type JobHost = Pick<Host, 'config' | 'sql' | 'keys' | 'cache' | 'now'>

const settled = new Histogram({
  name: 'countroom_settlement_seconds',
  help: 'Time from the receipt of an event of a gateway until what it says is done.',
  buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
})

/** Does what a stored event of a gateway says, then tells the player's pages. */
export const gatewayEvents: JobDefinition = {
  queue: 'gateway-events',
  run: (host, data) => processEvent(host, data.gateway ?? '', data.event ?? ''),
}

async function processEvent(host: JobHost, gateway: string, event: string): Promise<void> {
  const read = gatewayOf(host, gateway).readEvent
  const actor = { kind: 'partner' as const, id: gateway }
  const done = await transact(host, (tx) =>
    cashier.confirm(tx, { actor, now: host.now(), requestId: '', keys: host.keys }, { gateway, event, read }),
  )
  if (!done) return
  settled.observe(Math.max(0, host.now().getTime() - done.receivedAt.getTime()) / 1000)
  if (done.outcome === 'applied') await tellPlayer(host, done.player, 'balance')
}

/** Events whose job got lost, once a minute. */
export const gatewayEventsSweep: JobDefinition = {
  queue: 'gateway-events-sweep',
  cron: '* * * * *',
  retryMax: 0,
  run: async (host) => {
    for (const { gateway, id } of await cashier.leftOver(host.sql, host.now())) await processEvent(host, gateway, id)
  },
}
