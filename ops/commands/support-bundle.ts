import { Command, InvalidArgumentError } from 'commander'
import { knownHome } from '../appliance/running.ts'
import { type Bundle, writeBundle } from '../support/bundle.ts'

/** `countroom support-bundle`: what a helper needs, without secrets and without persons. Exit code 1 when it is refused. */
export function supportBundleCommand(): Command {
  return new Command('support-bundle')
    .description('write what a helper far away needs into one file, without secrets and personal data')
    .argument('<file>', 'a tar.gz that is not there yet')
    .option('-n, --lines <count>', 'of each log, from its end', count, 500)
    .option('--json', 'for machines')
    .addHelpText(
      'after',
      `
It has status, doctor, versions, settings, rendered configurations, schema, machine and the ends of all logs; it needs nothing that runs.
Before anything is written every secret of the home is looked for in all its forms, and private keys, passwords, cookies, tokens, e-mail
addresses, card and telephone numbers, addresses of the outside, and what PostgreSQL quotes of rows: they are taken out and counted in scan.json.
What a person typed in words (a name in a reason) nobody can recognise: look through it before it leaves the house.`,
    )
    .action(async (file: string, { lines, json }: { lines: number; json?: boolean }) => {
      const bundle = await writeBundle(knownHome(), file, { lines })
      process.stdout.write(json ? `${JSON.stringify(bundle)}\n` : told(bundle))
    })
}

function told({ file, bytes, parts, removed }: Bundle): string {
  const taken = Object.entries(removed).map(([kind, times]) => `${kind} ${times}`)
  return `${file}: ${parts.length} parts, ${Math.ceil(bytes / 1024)} KiB, for you alone.
Taken out: ${taken.join(', ') || 'nothing'}. Look through it before it leaves the house: tar -tzf ${file}
`
}

function count(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('It is a whole number of lines, up to 99999.')
  return Number(text)
}
