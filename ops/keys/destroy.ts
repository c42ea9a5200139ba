import * as audit from '#audit'
import type { Tx } from '#base'
import { namesOf } from '../../core/host/rotation.ts'
import type { Home } from '../appliance/home.ts'
import { Trouble } from '../appliance/trouble.ts'
import { askTwice, askTwo } from './ask.ts'
import { backupsOf, removeBackupsOf } from './backup.ts'
import { atDesk, type Desk } from './desk.ts'
import { type ListedKey, listKeys } from './list.ts'

type Options = { early?: boolean; confirm?: string; approval?: string; dryRun?: boolean; json?: boolean }

/**
 * `countroom keys destroy`: the key is gone from the token, and from every backup of keys this appliance can reach. What an old
 * backup of data holds wrapped under it opens only with the newest backup of keys from then on: for everyone but the erased.
 */
export async function destroyKey(home: Home, key: string, options: Options): Promise<void> {
  const done = await atDesk(home, async (desk) => {
    const listed = (await listKeys(desk)).find((each) => each.key === key)
    refuse(key, listed, options.early === true)
    if (options.dryRun) {
      await desk.sql.begin((tx) => refuseNamed(tx, key))
      return { key, dryRun: true, ...(await backupsOf(desk, key)) }
    }
    await askTwice(`Destroy ${key} for good? Nothing can bring it back.`, key, options.confirm)
    const about = { key, early: options.early === true }
    const vouchers = await askTwo(desk, { words: `destroy ${key}`, act: 'keys.destroy', about }, options.approval)
    await destroy(desk, key, vouchers)
    return { key, dryRun: false, ...(await removeBackupsOf(desk, key)) }
  })
  if (options.json) process.stdout.write(`${JSON.stringify(done)}\n`)
  else process.stdout.write(words(done))
}

/** The agent destroys while the record of it is not committed yet: what is not written down is not done. */
async function destroy(desk: Desk, key: string, vouchers: string[]): Promise<void> {
  await desk.sql.begin(async (tx) => {
    await refuseNamed(tx, key)
    await audit.record(tx, desk.command(), {
      action: 'keys.epoch_destroyed',
      subject: key,
      detail: { epoch: key, vouchers },
    })
    await desk.agent.destroy(key)
  })
}

async function refuseNamed(tx: Tx, key: string): Promise<void> {
  const named = await namesOf(tx, key)
  if (named > 0)
    throw new Trouble(`${named} rows still name ${key}.`, {
      setting: key,
      remedy: 'npx countroom keys rotate moves them',
    })
}

function refuse(key: string, listed: ListedKey | undefined, early: boolean): asserts listed is ListedKey {
  const wrong = (message: string, remedy: string) => new Trouble(message, { setting: '<key>', remedy })
  if (!listed) throw wrong(`There is no key ${key}.`, 'npx countroom keys list')
  if (listed.state === 'destroyed') throw wrong(`${key} is destroyed already.`, 'npx countroom keys list')
  if (!listed.unnamedSince || !listed.destroyFrom)
    throw wrong(
      `${key} is ${listed.state}, and something may still name it.`,
      `npx countroom keys rotate ${listed.family}, and wait until it has ended`,
    )
  if (Date.parse(listed.destroyFrom) > Date.now() && !early)
    throw new Trouble(
      `Nothing names ${key} since ${listed.unnamedSince.slice(0, 10)}; backups of data may need it until ${listed.destroyFrom.slice(0, 10)}.`,
      { setting: 'keyBackupHorizonDays', remedy: `wait, or npx countroom keys destroy ${key} --early` },
    )
}

type Destroyed = { key: string; dryRun: boolean; removed: string[]; unreached: string[] }

function words({ key, dryRun, removed, unreached }: Destroyed): string {
  const lines = [
    dryRun ? `Would destroy ${key}. Nothing was done.` : `${key} is destroyed.`,
    ...removed.map(
      (path) => `  ${dryRun ? 'would remove' : 'removed'} the backup that ${dryRun ? 'holds' : 'held'} it: ${path}`,
    ),
  ]
  if (unreached.length > 0)
    lines.push(
      'Backups that hold it and are not where they were written; destroy every copy, or the erased can be read with the shares:',
      ...unreached.map((path) => `  ${path}`),
    )
  return `${lines.join('\n')}\n`
}
