import { spinner } from '@clack/prompts'
import * as audit from '#audit'
import type { KeyEntry, Keys, Rotation } from '#keys'
import * as keys from '#keys'
import { openQueue } from '../../core/host/queue.ts'
import { beginRotation, rotatable } from '../../core/host/rotation.ts'
import type { Home } from '../appliance/home.ts'
import { addressOf } from '../appliance/postgres.ts'
import { interruptedExitCode, Trouble } from '../appliance/trouble.ts'
import { askTwo } from './ask.ts'
import { atDesk, type Desk } from './desk.ts'
import { progressOf } from './list.ts'

type Options = { wait: boolean; approval?: string; json?: boolean }

const lookEveryMs = 250
/** A rotation that waits for people to sign in is not waited for. */
const slow: readonly string[] = ['hk-pepper']

/** `countroom keys rotate`: asks, makes and activates the new key, hands the moving to the worker, and watches it. */
export async function rotateKey(home: Home, family: string, { wait, approval, json }: Options): Promise<void> {
  if (!rotatable().includes(family)) throw notRotatable(family)
  await atDesk(home, async (desk) => {
    const rotation = await startRotation(desk, family, () =>
      askTwo(desk, { words: `rotate ${family}`, act: 'keys.rotate', about: { family } }, approval),
    )
    const state = wait
      ? await watchRotation(desk, rotation, { quietly: json === true, again: `rotate ${family}` })
      : await find(desk, rotation)
    if (json) process.stdout.write(`${JSON.stringify(state)}\n`)
    else if (!wait || !process.stdout.isTTY) process.stdout.write(`${progressOf(state)}\n`)
  })
}

/**
 * Asks for a rotation and makes its key, or goes on with one that was interrupted; from then on the worker has it. No key is
 * activated without the yes of two, whoever wrote the row that asks for it.
 */
export async function startRotation(desk: Desk, family: string, vouch: () => Promise<string[]>): Promise<string> {
  const open = (await keys.openRotations(desk.sql)).find((rotation) => rotation.family === family)
  if (open && open.epoch !== null) return open.rotation
  const vouchers = await vouch()
  const rotation = open?.rotation ?? (await ask(desk, family, vouchers))
  await activate(desk, family, rotation)
  return rotation
}

/**
 * Waits until it has ended, if it is one that ends by itself, and shows how far it is. Ctrl-C ends the watching alone; `again` is the
 * command that goes on with it.
 */
export async function watchRotation(
  desk: Desk,
  rotation: string,
  { quietly, again }: { quietly: boolean; again: string },
): Promise<Rotation> {
  const watching = process.stdout.isTTY && !quietly
  const left = `The worker goes on by itself. npx countroom keys list shows how far; npx countroom keys ${again} watches on.`
  const shown = watching ? spinner({ cancelMessage: left }) : undefined
  const leave = () => {
    process.exitCode = interruptedExitCode
  }
  if (watching) process.once('exit', leave) // the spinner takes Ctrl-C for itself and ends with 0
  shown?.start('The worker moves what names older keys')
  for (;;) {
    const state = await find(desk, rotation)
    shown?.message(`${progressOf(state)} (Ctrl-C stops only this watching)`)
    if (state.state === 'retired' || slow.includes(state.family)) {
      process.off('exit', leave)
      shown?.stop(progressOf(state))
      return state
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
}

async function ask(desk: Desk, family: string, vouchers: string[]): Promise<string> {
  return await desk.sql.begin(async (tx) => {
    const rotation = await keys.askRotation(tx, desk.command(), family)
    await audit.record(tx, desk.command(), {
      action: 'keys.rotation_asked',
      subject: family,
      detail: { family, vouchers },
    })
    return rotation
  })
}

/** Whatever of this was done before an interruption is found in the agent, and not done again. */
async function activate(desk: Desk, family: string, rotation: string): Promise<void> {
  const { agent, sql } = desk
  const entries = (await agent.list()).filter((entry) => entry.family === family)
  const active = entries.find(({ state }) => state === 'active')
  const { askedAt } = await find(desk, rotation)
  const isNew = active?.activatedAt !== undefined && Date.parse(active.activatedAt) >= askedAt.getTime()
  const epoch = isNew ? active.key : await activateNew(agent, family, entries)
  const older = (await agent.list())
    .filter((entry) => entry.family === family && entry.state === 'decrypt-only')
    .map(({ key }) => key)
  const log = {
    error: (detail: object, message: string) => process.stderr.write(`${message} ${JSON.stringify(detail)}\n`),
  }
  const queue = await openQueue(addressOf(desk.home, 'app'), 'sends', log)
  try {
    await sql.begin(async (tx) => {
      await beginRotation(tx, desk.command(), { rotation, family, epoch, older })
      await queue.enqueue(tx, { queue: 'keys.rotate', data: {} })
    })
  } finally {
    await queue.close()
  }
}

async function activateNew(agent: Keys, family: string, entries: readonly KeyEntry[]): Promise<string> {
  const made = entries.find(({ state }) => state === 'pre-active') ?? (await agent.create(family))
  return (await agent.activate(made.key)).key
}

async function find(desk: Desk, rotation: string): Promise<Rotation> {
  const found = (await keys.rotations(desk.sql)).find((each) => each.rotation === rotation)
  if (!found) throw new Error(`the rotation ${rotation} is gone`)
  return found
}

function notRotatable(family: string): Trouble {
  if (family === 'hk-recovery')
    return new Trouble('The recovery key is renewed by another ceremony, which its custodians have to want.', {
      setting: '<family>',
      remedy: 'npx countroom keys ceremony --custodians <names> --threshold <count>',
    })
  return new Trouble(`${family} is no family of keys that is rotated this way.`, {
    setting: '<family>',
    remedy: `one of ${rotatable().join(', ')}`,
  })
}
