import { Command } from 'commander'
import { knownHome } from '../appliance/running.ts'

export function failoverCommand(): Command {
  return changing('failover', 'promote the synchronous standby of a cluster that no node leads')
}

/** Lets another node lead, on purpose or because nobody does. */
export function changing(kind: 'switchover' | 'failover', description: string): Command {
  return new Command(kind)
    .description(description)
    .option('--to <node>', 'the node that shall lead, such as node-2; the synchronous standby alone can')
    .option('--dry-run', 'say what would happen')
    .option('--json', 'for machines')
    .action(async (options: { to?: string; dryRun?: boolean; json?: boolean }) => {
      const { changePrimary } = await import('../failover/change.ts')
      const change = await changePrimary(knownHome(), kind, options)
      if (options.json) return void process.stdout.write(`${JSON.stringify(change)}\n`)
      const { from = 'nobody', to, seconds } = change
      process.stdout.write(
        options.dryRun
          ? `${to} would lead instead of ${from}.\n`
          : `${to} leads instead of ${from}, after ${seconds.toFixed(1)} s.\n`,
      )
    })
}
