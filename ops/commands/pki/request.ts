import { isCancel, password } from '@clack/prompts'
import { Command } from 'commander'
import * as pki from '#pki'
import { Trouble } from '../../appliance/trouble.ts'
import { askAuthority, keep } from './authority.ts'

type Options = { token?: string; operator: string; ca: string; to: string }

/** Runs where the component is, which need not be where the appliance is: its key is made there and stays there. */
export function requestCommand(): Command {
  return new Command('request')
    .description("get a component's first certificate with its one-time token; run where the component is")
    .argument('<name>', 'what the component was enrolled as')
    .requiredOption('--operator <url>', 'the operator face of the casino')
    .requiredOption('--ca <file>', 'the root to believe, carried here by hand')
    .requiredOption('--to <folder>', 'where key and certificate go')
    .option('--token <token>', 'else COUNTROOM_ENROLMENT_TOKEN, else it is asked for')
    .action(async (name: string, options: Options) => {
      const token = options.token ?? process.env.COUNTROOM_ENROLMENT_TOKEN ?? (await askToken())
      const { key, request } = await pki.newRequest(name)
      const answer = await askAuthority(options, '/api/pki/enrolments/use', { token, request })
      if (answer.component !== name)
        throw new Trouble(`The token was for ${answer.component}, not for ${name}.`, {
          setting: '<name>',
          remedy: `npx countroom pki revoke ${answer.component}, where the authority is, and enrol it again`,
        })
      keep(options.to, name, key, answer)
      process.stdout.write(`${name} has a certificate until ${answer.notAfter}, in ${options.to}.\n`)
    })
}

async function askToken(): Promise<string> {
  const typed = process.stdin.isTTY ? await password({ message: 'The one-time token' }) : undefined
  if (typeof typed !== 'string' || isCancel(typed))
    throw new Trouble('There is no token.', {
      setting: '--token, COUNTROOM_ENROLMENT_TOKEN',
      remedy: 'npx countroom pki enrol <role> <name>, where the authority is',
    })
  return typed
}
