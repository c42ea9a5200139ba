import { confirm, isCancel } from '@clack/prompts'
import { Command } from 'commander'
import * as pki from '#pki'
import { refresh } from '../../appliance/certificates.ts'
import { Trouble } from '../../appliance/trouble.ts'
import { print } from '../print.ts'
import { atPlace } from './place.ts'

type Options = { reason: string; yes?: boolean; json?: boolean }

export function revokeCommand(): Command {
  return new Command('revoke')
    .description('take certificates back: of a component, which is disabled then, or one by its serial')
    .argument('<name-or-serial>', 'as `pki list` shows it')
    .requiredOption('--reason <words>', 'for the audit log')
    .option('--yes', 'do not ask')
    .option('--json', 'for machines')
    .action(async (what: string, { reason, yes, json }: Options) => {
      if (!yes && !(await isSure(what))) return
      await atPlace(async (place, command) => {
        const serials = (await place.sql.begin((tx) =>
          pki.revoke(tx, command, {
            reason,
            ...(/^[0-9a-f]{32}$/i.test(what) ? { serial: what } : { component: what }),
          }),
        )) as string[]
        await refresh(place)
        print(
          json,
          { revoked: serials },
          `Taken back: ${serials.length === 0 ? 'nothing that had not ended' : serials.join(', ')}.\n`,
        )
      })
    })
}

async function isSure(what: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new Trouble(`${what} would be let in nowhere any more, and nobody is there to say yes.`, {
      setting: '--yes',
      remedy: `npx countroom pki revoke ${what} --reason <words> --yes`,
    })
  const sure = await confirm({ message: `${what} is let in nowhere from now on. Go on?`, initialValue: false })
  return !isCancel(sure) && sure
}
