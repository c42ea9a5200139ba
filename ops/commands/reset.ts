import { readdirSync, rmSync } from 'node:fs'
import { confirm, isCancel } from '@clack/prompts'
import { Command } from 'commander'
import type { Home } from '../appliance/home.ts'
import { holderOf, stopLeftovers } from '../appliance/lock.ts'
import { knownHome } from '../appliance/running.ts'
import { BrokenOff, Trouble } from '../appliance/trouble.ts'
import { siteMemories } from '../failover/site-memories.ts'

/** The mark of the installation goes last: a reset that is cut short is still seen as damage, and can be repeated. */
const made = [
  'pg',
  'pg.new',
  'redis',
  'etcd',
  'patroni',
  'token',
  'token.new',
  'backup',
  'repository',
  'drill',
  'restore-unproven.json',
  'restored.json',
  'continuity',
  'acme',
  'rejoin-keys.jsonl',
  ...Object.values(siteMemories),
  'tls',
  'secrets',
  'log',
  'manifest',
  'manifest.new',
  'manifest.before',
  'run',
  'installed',
]

/** `countroom reset`: removes what the appliance made in its home, and nothing else that lies there. */
export function resetCommand(): Command {
  return new Command('reset')
    .description('remove all data of this appliance: players, money, keys, logs')
    .option('--yes', 'do not ask')
    .option('--dry-run', 'say what would be removed')
    .option('--json', 'for machines')
    .action(async ({ yes, dryRun, json }: { yes?: boolean; dryRun?: boolean; json?: boolean }) => {
      const home = knownHome()
      const there = made.filter((name) => home.has(name))
      if (there.length > 0) {
        const holder = holderOf(home)
        if (holder)
          throw new Trouble(`The appliance in ${home.dir} runs (process ${holder.pid}).`, {
            setting: 'COUNTROOM_HOME (which appliance to remove)',
            remedy: `kill ${holder.pid}, then npx countroom reset`,
          })
        if (!dryRun) {
          if (!yes) await askWhetherSure(home)
          await stopLeftovers(home)
          for (const name of there) rmSync(home.path(name), { recursive: true, force: true })
        }
      }
      const left = home.has() ? readdirSync(home.dir).filter((name) => !there.includes(name)) : []
      if (there.length > 0 && left.length === 0 && !dryRun) rmSync(home.dir, { recursive: true })
      if (json)
        process.stdout.write(`${JSON.stringify({ home: home.dir, dryRun: dryRun === true, removed: there, left })}\n`)
      else process.stdout.write(words(home, there, left, dryRun === true))
    })
}

/** @throws Trouble when nobody is there to ask; BrokenOff when they are not sure */
async function askWhetherSure(home: Home): Promise<void> {
  if (!process.stdin.isTTY)
    throw new Trouble(`Reset would remove all data in ${home.dir}, and nobody is there to say yes.`, {
      setting: '--yes',
      remedy: `COUNTROOM_HOME=${home.dir} npx countroom reset --yes; --dry-run says what that removes`,
    })
  const sure = await confirm({
    message: `Remove all data in ${home.dir}? Players, money and keys are gone for good.`,
    initialValue: false,
  })
  if (isCancel(sure) || !sure) throw new BrokenOff('Nothing was removed.')
}

function words(home: Home, there: readonly string[], left: readonly string[], dryRun: boolean): string {
  if (there.length === 0) return `There is no appliance in ${home.dir}.\n`
  const stays = left.length > 0 ? ` Left as it was: ${left.join(', ')}.` : ''
  return dryRun
    ? `Would remove from ${home.dir}: ${there.join(', ')}.${stays} Nothing was done.\n`
    : `Removed what the appliance had made in ${home.dir}.${stays}\n`
}
