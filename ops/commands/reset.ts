import { readdirSync, rmSync } from 'node:fs'
import { confirm, isCancel } from '@clack/prompts'
import { Command } from 'commander'
import { homeDirectory, viewHome } from '../appliance/home.ts'
import { holderOf, stopLeftovers } from '../appliance/lock.ts'
import { Trouble } from '../appliance/trouble.ts'

const made = ['pg', 'pg.new', 'redis', 'token', 'tls', 'secrets', 'run', 'log', 'sandbox', 'installed']

/** `countroom reset`: removes what the appliance made in its home, and nothing else that lies there. */
export function resetCommand(): Command {
  return new Command('reset')
    .description('remove all data of this appliance: players, money, keys, logs')
    .option('--yes', 'do not ask')
    .action(async (options: { yes?: boolean }) => {
      const home = viewHome(homeDirectory())
      if (!home.has('run') && !home.has('pg')) {
        process.stdout.write(`There is no appliance in ${home.dir}.\n`)
        return
      }
      const holder = holderOf(home)
      if (holder)
        throw new Trouble(`The appliance in ${home.dir} runs (process ${holder.pid}).`, {
          remedy: `kill ${holder.pid}, then reset`,
        })
      if (!options.yes) {
        if (!process.stdin.isTTY) throw new Trouble('Reset wants a yes.', { remedy: 'countroom reset --yes' })
        const sure = await confirm({
          message: `Remove all data in ${home.dir}? Players, money and keys are gone for good.`,
          initialValue: false,
        })
        if (isCancel(sure) || !sure) return
      }
      await stopLeftovers(home)
      for (const name of made) rmSync(home.path(name), { recursive: true, force: true })
      if (readdirSync(home.dir).length === 0) rmSync(home.dir, { recursive: true })
      process.stdout.write(`Removed what the appliance had made in ${home.dir}.\n`)
    })
}
