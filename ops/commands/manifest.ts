import { relative } from 'node:path'
import { Command } from 'commander'
import * as program from '#program'
import { repository } from '../appliance/identity.ts'
import { approveProgram } from '../appliance/program.ts'
import { knownHome, runningCard } from '../appliance/running.ts'
import { type PortName, readSettings } from '../appliance/settings.ts'
import { print } from './print.ts'

/** `countroom manifest`: what of the program is approved; exit code 0 when done, 3 when nothing runs. */
export function manifestCommand(): Command {
  const manifest = new Command('manifest').description('the list of sums of the control program')
  manifest
    .command('make')
    .description(
      'approve the program as it stands now, after an upgrade: list it, sign the list, say so in the audit log',
    )
    .option('--json', 'for machines')
    .action(async ({ json }: { json?: boolean }) => {
      const home = knownHome()
      const { ports } = runningCard(home)
      const settings = readSettings(home)
      const fixedPorts = Object.entries(ports).every(([name, port]) => settings.ports[name as PortName] === port)
      const { digest, files, changed, keyFingerprint } = await approveProgram(home, settings, {
        fixedPorts,
        command: 'countroom manifest make',
      })
      const list = home.path('manifest/SHA256SUMS')
      print(
        json,
        { list, digest, files, changed, keyFingerprint },
        `Approved ${files} files, ${changed} other than before.\n\n  list    ${list}\n  sum     ${digest}\n  key     ${keyFingerprint} (SHA-256 of the public key; keep it elsewhere)\n`,
      )
    })
  manifest
    .command('print')
    .description(
      'print the sums of all files shipped and installed, with paths from the clone on; needs nothing that runs',
    )
    .option('--json', 'for machines')
    .action(async ({ json }: { json?: boolean }) => {
      const sums = await program.hashFiles(program.filesOf(repository))
      const fromClone = new Map([...sums].map(([path, sum]) => [relative(repository, path), sum]))
      print(json, { sums: Object.fromEntries(fromClone) }, program.printSums(fromClone))
    })
  return manifest
}
