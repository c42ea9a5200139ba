import { resolve } from 'node:path'
import { confirm } from '@clack/prompts'
import { Command } from 'commander'
import { operatorName } from '../appliance/operator.ts'
import { knownHome, runningCard } from '../appliance/running.ts'
import { BrokenOff } from '../appliance/trouble.ts'
import type { SitePlan } from '../failover/promote-site.ts'
import { answer } from '../keys/ask.ts'

type Options = { acceptLoss?: string; memories?: string; yes?: true; dryRun?: true; json?: true }

/** `countroom cluster promote-site`: lets a second site lead. Without a word of consent it only says what would happen. Exit code 1 refused, 3 nothing runs. */
export function promoteSiteCommand(): Command {
  return new Command('promote-site')
    .description('let this second site lead, when the first is lost; run here')
    .option(
      '--accept-loss <reason>',
      'who decided that money moves again although the last moments are lost; without it, money stays frozen',
    )
    .option('--memories <folder>', 'continuity/ of the first site’s homes, which show whether anything is missing')
    .option('--yes', 'do not ask')
    .option('--dry-run', 'say what would happen')
    .option('--json', 'for machines; asks nothing, and does nothing without --yes')
    .action(promote)
}

async function promote({ acceptLoss: reason, memories: folder, yes, dryRun, json }: Options): Promise<void> {
  const { planPromotion, promoteSite } = await import('../failover/promote-site.ts')
  const { wordsOfLoss } = await import('../failover/site-loss.ts')
  const home = knownHome()
  runningCard(home)
  const memories = folder === undefined ? undefined : resolve(folder)
  const { seen: _, id: __, ...plan } = await planPromotion(home, memories)
  if (!json) process.stdout.write(told(plan, reason))
  const wanted = !dryRun && (yes ?? (!json && process.stdin.isTTY && (await agreed())))
  if (!wanted) {
    process.stdout.write(
      json ? `${JSON.stringify({ dryRun: true, ...plan })}\n` : 'Nothing was changed; --yes does it.\n',
    )
    return
  }
  const by = operatorName()
  const done = await promoteSite(home, { by, memories, reason })
  process.stdout.write(
    json
      ? `${JSON.stringify(done)}\n`
      : `${done.node} leads, after ${done.seconds.toFixed(1)} s.\n${wordsOfLoss(done.answered)}\nThe first site must not come back as it was: ops/runbooks/second-site.md\n`,
  )
}

async function agreed(): Promise<boolean> {
  if (await answer(confirm({ message: 'Is the first site dead, or cut off from its players?', initialValue: false })))
    return true
  throw new BrokenOff()
}

function told({ node, lastCommit, heardAt, behindSeconds, cores }: SitePlan, reason: string | undefined): string {
  const seconds = behindSeconds === null ? 'an unknown time' : `${behindSeconds.toFixed(1)} s`
  return `${node} would lead instead of the first site, of which nobody answers.
Last heard of it ${heardAt ?? 'by another node here'}; the last commit that arrived is of ${lastCommit}. What it acknowledged later is lost: at most ${seconds} of play.
${cores.length === 0 ? '' : `Unless the memories show that it is here: ${cores.map(({ core, at }) => `${core} until ${at}`).join(', ')}.\n`}${reason === undefined ? 'Money stays frozen afterwards, until somebody answers for the loss.' : 'Money moves again at once.'}
`
}
