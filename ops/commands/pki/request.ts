import { isCancel, password } from '@clack/prompts'
import { Command } from 'commander'
import * as pki from '#pki'
import { installAgain } from '../../appliance/certificates.ts'
import { componentsOf } from '../../appliance/components.ts'
import { Trouble } from '../../appliance/trouble.ts'
import { print } from '../print.ts'
import { askAuthority, keep } from './authority.ts'
import { atPlace } from './place.ts'

type Options = { token?: string; operator?: string; ca?: string; to?: string; json?: boolean }

/**
 * Runs where the component is, which need not be where the appliance is: its key is made there and stays there. A component of this very appliance
 * needs no operator face for it, and no worker, which may be what was taken back.
 */
export function requestCommand(): Command {
  return new Command('request')
    .description("get a component's first certificate with its one-time token; run where the component is")
    .argument('<name>', 'what the component was enrolled as')
    .option('--operator <url>', 'on another machine: the operator face of the casino')
    .option('--ca <file>', 'on another machine: the root to believe, carried here by hand')
    .option('--to <folder>', 'on another machine: where key and certificate go')
    .option('--token <token>', 'else COUNTROOM_ENROLMENT_TOKEN, else it is asked for')
    .option('--json', 'for machines')
    .action(async (name: string, options: Options) => {
      const token = options.token ?? process.env.COUNTROOM_ENROLMENT_TOKEN ?? (await askToken())
      const { operator, ca, to, json } = options
      if (operator !== undefined && ca !== undefined && to !== undefined)
        await requestThere(name, token, { operator, ca, to }, json)
      else if (operator === undefined && ca === undefined && to === undefined) await requestHere(name, token, json)
      else
        throw new Trouble('On another machine a component asks the operator face, which it has to know.', {
          setting: '--operator, --ca, --to',
          remedy: `npx countroom pki request ${name} --operator <url> --ca <file> --to <folder>`,
        })
    })
}

async function requestThere(
  name: string,
  token: string,
  to: { operator: string; ca: string; to: string },
  json?: boolean,
): Promise<void> {
  const { key, request } = await pki.newRequest(name)
  const given = await askAuthority(to, '/api/pki/enrolments/use', { token, request })
  if (given.component !== name) throw notFor(name, given.component)
  keep(to.to, name, key, given)
  const { notAfter } = given
  print(
    json,
    { component: name, notAfter, folder: to.to },
    `${name} has a certificate until ${notAfter}, in ${to.to}.\n`,
  )
}

async function requestHere(name: string, token: string, json?: boolean): Promise<void> {
  await atPlace(async (place, command) => {
    const component = componentsOf(place.settings).find((each) => each.name === name)
    if (!component)
      throw new Trouble(`${name} is no component of this appliance.`, {
        setting: '<name>',
        remedy: `npx countroom pki request ${name} --operator <url> --ca <file> --to <folder>, on its own machine`,
      })
    const { component: whose, notAfter } = await installAgain(place, component, token, command)
    if (whose !== name) throw notFor(name, whose)
    const until = notAfter?.toISOString()
    print(json, { component: name, notAfter }, `${name} has a certificate until ${until}, and goes on with it.\n`)
  })
}

function notFor(name: string, other: string): Trouble {
  return new Trouble(`The token was for ${other}, not for ${name}.`, {
    setting: '<name>',
    remedy: `npx countroom pki revoke ${other}, where the authority is, and enrol it again`,
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
