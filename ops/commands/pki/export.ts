import { randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import * as pki from '#pki'
import * as staff from '#staff'
import { Trouble } from '../../appliance/trouble.ts'
import { print } from '../print.ts'
import { atPlace } from './place.ts'

type Options = { role: pki.Role; to?: string; days: string; json?: boolean }

export function exportCommand(): Command {
  return new Command('export')
    .description(
      'print `ca` or `revoked`; or make a certificate for a member of staff, as a PKCS #12 file with a password',
    )
    .argument('<what>', 'ca, revoked, or the name somebody signs in by, or will enrol by')
    .addOption(new Option('--role <role>', 'what the person is').choices(['staff', 'auditor']).default('staff'))
    .option('--days <count>', 'how long the person’s certificate is good, 1 to 30', '30')
    .option('--to <file>', 'where the person’s file goes')
    .option('--json', 'for machines')
    .action(async (what: string, options: Options) => {
      const give = (pem: string) => print(options.json, { pem }, pem)
      if (what === 'ca') give(await atPlace(({ sql }, command) => pki.anchors(sql, command)))
      else if (what === 'revoked') give(await atPlace(({ sql }) => pki.lists(sql, new Date())))
      else await exportPerson(what, options)
    })
}

async function exportPerson(name: string, { role, to, days, json }: Options): Promise<void> {
  const lifeSeconds = Number(days) * pki.daySeconds
  if (to === undefined || !(lifeSeconds >= pki.lifeSecondsMin && lifeSeconds <= pki.lifeSecondsMax))
    throw new Trouble('A person’s certificate is good for 1 to 30 days and goes into a file.', {
      setting: '--days, --to',
      remedy: `npx countroom pki export ${name} --to ${name}.p12`,
    })
  if (existsSync(to))
    throw new Trouble(`${to} is there already.`, { setting: '--to', remedy: `rm ${to}, or another file` })
  const { key, request } = await pki.newRequest(name)
  await atPlace(async ({ sql }, command) => {
    const member = (await staff.members(sql)).find((each) => each.name === name)
    if (member?.disabledAt)
      throw new Trouble(`${name} does not work here any more.`, {
        setting: 'the name',
        remedy: 'two colleagues let them in again at the desk',
      })
    const issued = (await sql.begin(async (tx) => {
      const { token } = await pki.offer(tx, command, { component: name, role, secondsMax: 60 })
      const application = await pki.apply(tx, command, { token, request })
      if ('refusal' in application) throw application.refusal
      return pki.issue(tx, command, { request: application.request, lifeSeconds })
    })) as pki.Issued
    const password = randomBytes(18).toString('base64url')
    const file = await pki.bundle({ name: `Countroom ${name}`, key, chain: issued.chain, password })
    writeFileSync(to, file, { mode: 0o600, flag: 'wx' })
    print(
      json,
      { file: to, notAfter: issued.notAfter, password },
      `${to} holds key and certificate of ${name} until ${issued.notAfter.toISOString()}, and opens the back office to ${member ? 'nobody else' : 'whoever enrols by that name'}.\nIts password, to be handed over another way, is shown this once:\n\n  ${password}\n\n`,
    )
  })
}
