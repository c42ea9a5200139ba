import { Command, InvalidArgumentError } from 'commander'
import * as pki from '#pki'
import { componentsOf } from '../../appliance/components.ts'
import { runningCard } from '../../appliance/running.ts'
import { atPlace } from './place.ts'

type Options = { called?: string[]; minutes: number; json?: boolean }

const minutesMax = 7 * 24 * 60

export function enrolCommand(): Command {
  return new Command('enrol')
    .description('make a one-time token with which a component gets its first certificate')
    .argument('<role>', Object.keys(pki.roles).join(', '))
    .argument('<name>', 'what the component is called, such as core-3')
    .option('--called <name...>', 'its names and addresses on the network; else <name>.countroom.internal')
    .option('--minutes <count>', 'how long the token is good', minutes, 24 * 60)
    .option('--json', 'for machines')
    .action(async (role: string, name: string, { called, minutes, json }: Options) => {
      await atPlace(async ({ home, settings, sql }, command) => {
        const offered = (await sql.begin((tx) =>
          pki.offer(tx, command, {
            role,
            component: name,
            secondsMax: minutes * 60,
            ...(called ? { names: called } : {}),
          }),
        )) as Awaited<ReturnType<typeof pki.offer>>
        const { operator } = runningCard(home).urls
        if (json) process.stdout.write(`${JSON.stringify({ component: name, role, ...offered, operator })}\n`)
        else
          process.stdout.write(
            screen(
              name,
              offered,
              operator,
              componentsOf(settings).some((each) => each.name === name),
            ),
          )
      })
    })
}

type Offered = { token: string; expiresAt: Date }

function screen(name: string, { token, expiresAt }: Offered, operator: string, isOurs: boolean): string {
  const offered = `
  ${name} may ask for its first certificate, once, until ${expiresAt.toISOString()}:

    ${token}
`
  if (isOurs)
    return `${offered}
  It is a part of this appliance, so here:

    npx countroom pki request ${name}
`
  return `${offered}
  On its machine, where only its user can read the folder (the token is asked for when it is not given):

    npx countroom pki request ${name} --operator ${operator} --ca ca.pem --to /etc/countroom/tls

  ca.pem is what \`npx countroom pki export ca\` prints here; carry it by hand.
`
}

function minutes(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > minutesMax)
    throw new InvalidArgumentError(`It is a whole number of minutes, ${minutesMax} at most.`)
  return count
}
