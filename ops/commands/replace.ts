import { Command } from 'commander'
import { knownHome, runningCard } from '../appliance/running.ts'
import { readSettings } from '../appliance/settings.ts'
import { Trouble } from '../appliance/trouble.ts'

/** `countroom cluster replace`: makes place for a node whose disk is gone. */
export function replaceCommand(): Command {
  return new Command('replace')
    .description('make place for a node whose disk is gone, which joins anew; run on a node that runs')
    .argument('<node>', 'as `cluster status` names it')
    .option('--dry-run', 'say what would be done')
    .option('--json', 'for machines')
    .action(async (node: string, options: { dryRun?: boolean; json?: boolean }) => {
      const { replaceMember } = await import('../failover/etcd-members.ts')
      const home = knownHome()
      const card = runningCard(home)
      const settings = readSettings(home)
      if (!settings.cluster)
        throw new Trouble('This home stands alone: there is no other node.', {
          setting: '"cluster" in countroom.json',
          remedy: 'ops/runbooks/restore.md',
        })
      const ports = { ...settings.ports, ...card.ports }
      const done = await replaceMember(home, { ...settings, ports }, settings.cluster, node, options)
      if (options.json) return void process.stdout.write(`${JSON.stringify(done)}\n`)
      const would = options.dryRun ? 'would be ' : ''
      if (done.removed) process.stdout.write(`Its old member ${would}taken out of etcd.\n`)
      if (done.added) process.stdout.write(`A place for it at ${done.address} ${would}made.\n`)
      if (!options.dryRun)
        process.stdout.write(
          `${node} may come: npx countroom cluster invite here, npx countroom cluster join there, and npx countroom up\n`,
        )
    })
}
