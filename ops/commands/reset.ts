import { readdirSync, rmSync } from 'node:fs'
import { confirm, isCancel } from '@clack/prompts'
import { Command } from 'commander'
import { holderOf, stopLeftovers } from '../appliance/lock.ts'
import { knownHome } from '../appliance/running.ts'
import { Trouble } from '../appliance/trouble.ts'

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
    .action(async (options: { yes?: boolean }) => {
      const home = knownHome()
      if (!made.some((name) => home.has(name))) {
        process.stdout.write(`There is no appliance in ${home.dir}.\n`)
        return
      }
      const holder = holderOf(home)
      if (holder)
        throw new Trouble(`The appliance in ${home.dir} runs (process ${holder.pid}).`, {
          setting: 'COUNTROOM_HOME (which appliance to remove)',
          remedy: `kill ${holder.pid}, then npx countroom reset`,
        })
      if (!options.yes) {
        if (!process.stdin.isTTY)
          throw new Trouble(`Reset would remove all data in ${home.dir}, and nobody is there to say yes.`, {
            setting: '--yes',
            remedy: `COUNTROOM_HOME=${home.dir} npx countroom reset --yes`,
          })
        const sure = await confirm({
          message: `Remove all data in ${home.dir}? Players, money and keys are gone for good.`,
          initialValue: false,
        })
        if (isCancel(sure) || !sure) return
      }
      await stopLeftovers(home)
      for (const name of made) rmSync(home.path(name), { recursive: true, force: true })
      const kept = readdirSync(home.dir)
      if (kept.length === 0) rmSync(home.dir, { recursive: true })
      process.stdout.write(
        `Removed what the appliance had made in ${home.dir}.${kept.length > 0 ? ` Left as it was: ${kept.join(', ')}.` : ''}\n`,
      )
    })
}
