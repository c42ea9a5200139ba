import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { Command } from 'commander'
import * as pki from '#pki'
import { refresh } from '../../appliance/certificates.ts'
import { componentsOf } from '../../appliance/components.ts'
import { knownHome } from '../../appliance/running.ts'
import { Trouble } from '../../appliance/trouble.ts'
import { print } from '../print.ts'
import { askAuthority, keep, kept } from './authority.ts'
import { atPlace } from './place.ts'

type Options = { in?: string; operator?: string; ca?: string; alone?: boolean; json?: boolean }

export function renewCommand(): Command {
  return new Command('renew')
    .description('make certificates anew: of this appliance, some or all; or of one component on another machine')
    .argument('[name...]', 'which; else all of this appliance')
    .option('--in <folder>', 'on another machine: where key and certificate are')
    .option('--operator <url>', 'on another machine: the operator face of the casino')
    .option('--ca <file>', 'on another machine: the root to believe; else the one in the folder')
    .option('--alone', 'on a node of a cluster where nothing runs any more: by its own token, for the next start')
    .option('--json', 'for machines')
    .action(async (names: string[], options: Options) => {
      if (options.alone) await renewAlone(names, options)
      else if (options.in !== undefined) await renewThere(names, options)
      else await renewHere(names, options)
    })
}

/** Processes take new certificates up by themselves, and drop no connection. */
async function renewHere(names: string[], { json }: Options): Promise<void> {
  await atPlace(async (place) => {
    const own = componentsOf(place.settings).map(({ name }) => name)
    const foreign = names.find((name) => !own.includes(name))
    if (foreign)
      throw new Trouble(`${foreign} is no component of this appliance.`, {
        setting: '[name...]',
        remedy: `npx countroom pki renew ${own.join(' | ')}`,
      })
    const { issued, disabled } = await refresh(place, { anew: names.length > 0 ? names : own })
    const words = [
      ...(issued.length > 0 ? [`Renewed: ${issued.join(', ')}.\n`] : []),
      ...(disabled.length > 0 ? [`Taken back, not renewed: ${disabled.join(', ')}.\n`] : []),
    ]
    print(json, { renewed: issued, disabled }, words.join(''))
  })
}

async function renewAlone(names: string[], { json }: Options): Promise<void> {
  if (names.length > 0)
    throw new Trouble('Alone a node makes all that its start needs, and nothing else.', {
      setting: '[name...]',
      remedy: 'npx countroom pki renew --alone',
    })
  const alone = await import('../../failover/alone.ts')
  const { renewed, notAfter, lists } = await alone.renewAlone(knownHome())
  const words = [
    ...(lists ? [`${lists}.`] : []),
    ...(notAfter ? [`Made for the next start, good until ${notAfter}: ${renewed.join(', ')}.`] : []),
    lists || notAfter ? 'Then: npx countroom up; on the other nodes the same.' : 'Nothing here has ended.',
  ]
  print(json, { renewed, notAfter, lists }, `${words.join('\n')}\n`)
}

async function renewThere([name, ...others]: string[], options: Options): Promise<void> {
  if (!name || others.length > 0 || !options.in || !options.operator)
    throw new Trouble('On another machine one component is renewed at a time.', {
      setting: '--in, --operator',
      remedy: 'npx countroom pki renew <name> --in <folder> --operator <url>',
    })
  const { notAfter } = await renewAt({ folder: options.in, operator: options.operator, ca: options.ca }, name)
  print(options.json, { component: name, notAfter }, `${name} has a certificate until ${notAfter}.\n`)
}

/** Of a component on another machine, by the certificate it has; `file` is what it is called in its folder. */
export async function renewAt(
  { folder, operator, ca }: { folder: string; operator: string; ca?: string | undefined },
  name: string,
  file = name,
): Promise<{ notAfter: string }> {
  const had = kept(folder, file)
  const { key, request } = await pki.newRequest(name)
  const at = new Date()
  const spki = createPublicKey(createPrivateKey(key)).export({ format: 'der', type: 'spki' })
  const signature = sign('sha256', pki.renewalStatement(had.serial, spki, at), createPrivateKey(had.key))
  const given = await askAuthority({ operator, ca: ca ?? `${folder}/ca.pem` }, '/api/pki/renewals', {
    request,
    certificate: had.chain,
    at: at.toISOString(),
    signature: signature.toString('base64'),
  })
  keep(folder, file, key, given)
  return given
}
