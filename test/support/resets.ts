import * as sessions from '#sessions'
import type { World } from './world.ts'

/** Does the jobs of forgotten passwords that were asked for, as the worker would. */
export async function sendResets(world: World): Promise<void> {
  for (const { queue, data } of world.jobs.splice(0)) {
    if (queue !== sessions.resetQueue) continue
    const { epoch, value } = data as { epoch: string; value: string }
    await world.act((tx) => sessions.sendReset(tx, world.command(), { epoch, value: Buffer.from(value, 'hex') }))
  }
}
