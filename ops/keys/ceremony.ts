import * as audit from '#audit'
import { rotatable } from '../../core/host/rotation.ts'
import type { Home } from '../appliance/home.ts'
import { askTwo, askVouchers } from './ask.ts'
import { atDesk, type Desk } from './desk.ts'
import { startRotation, watchRotation } from './rotate.ts'
import { gatherShares, refuseNoHands, type Share, showShares, writeShares } from './shares.ts'

type Options = {
  custodians: string[]
  threshold: number
  out?: string
  shares?: string[]
  json?: boolean
  rotateOnly?: boolean
  approval?: string
}

/** What binds data keys first, so that what wraps them is moved once. */
const order = ['hk-dek-binding', 'kek-pii']

/**
 * `countroom keys ceremony`: a recovery key in shares, and then new keys of every family, born outside the token and kept as copies
 * sealed to it. Nothing hangs on the shares before the last one is handed out: a ceremony that is broken off before has changed nothing,
 * and is held again. Afterwards `--rotate-only` goes on.
 */
export async function holdCeremony(home: Home, options: Options): Promise<void> {
  const done = await atDesk(home, async (desk) => {
    if (!options.rotateOnly) refuseNoHands(options.out, options.custodians)
    const vouchers = await saidYes(desk, options)
    const files = options.rotateOnly ? [] : await handOut(desk, options, vouchers)
    await rotateAll(desk, vouchers, options.json === true)
    return { files, ...(await desk.agent.statusOfCeremony()) }
  })
  if (options.json) process.stdout.write(`${JSON.stringify(done)}\n`)
  else process.stdout.write(words(done))
}

/** Going on with the new keys alone is no ceremony: for that two are asked here. */
async function saidYes(desk: Desk, { rotateOnly, custodians, threshold, approval }: Options): Promise<string[]> {
  if (rotateOnly) return askVouchers(desk, 'rotate every key')
  return askTwo(desk, { words: 'hold a ceremony', act: 'keys.ceremony', about: { custodians, threshold } }, approval)
}

/** Where there was a ceremony before, its custodians have to want another: the copies they can open become others'. */
async function handOut(
  desk: Desk,
  { custodians, threshold, out, shares: files }: Options,
  vouchers: string[],
): Promise<string[]> {
  const { recovery: present } = await desk.agent.statusOfCeremony()
  const order = {
    custodians,
    threshold,
    ...(present ? { shares: await gatherShares(present.threshold, files) } : {}),
  }
  const { recovery, shares } = await desk.agent.ceremonyBegin(order)
  const named = shares.map((letters, index): Share => ({ custodian: custodians[index]!, recovery, threshold, letters }))
  const handed = out === undefined ? await showShares(named) : writeShares(out, named)
  await desk.sql.begin(async (tx) => {
    await audit.record(tx, desk.command(), {
      action: 'keys.ceremony_begun',
      subject: 'keys',
      detail: { custodians, threshold, vouchers },
    })
    await desk.agent.ceremonyFinish(recovery)
  })
  return handed
}

/** Every key that has no copy yet gets a successor that has one. */
async function rotateAll(desk: Desk, vouchers: string[], quietly: boolean): Promise<void> {
  const { unsealed } = await desk.agent.statusOfCeremony()
  const active = (await desk.agent.list()).filter(({ state, key }) => state === 'active' && unsealed.includes(key))
  const families = rotatable()
    .filter((family) => active.some((entry) => entry.family === family))
    .sort((a, b) => rank(a) - rank(b))
  for (const family of families)
    await watchRotation(desk, await startRotation(desk, family, async () => vouchers), {
      quietly,
      again: 'ceremony --rotate-only',
    })
}

function rank(family: string): number {
  const place = order.indexOf(family)
  return place === -1 ? order.length : place
}

function words({ files, sealed, unsealed }: { files: string[]; sealed: string[]; unsealed: string[] }): string {
  return [
    `${sealed.length} keys have copies that a quorum of custodians can restore.`,
    ...(files.length > 0
      ? ['Carry each share to its custodian, and remove the file: two in one place are no split knowledge.']
      : []),
    ...files.map((file) => `  ${file}`),
    ...(unsealed.length > 0
      ? [`Older keys without a copy, which end with their rotations: ${unsealed.join(', ')}`]
      : []),
    'Next: npx countroom keys backup, now and every day, to another place than the data.',
    '',
  ].join('\n')
}
