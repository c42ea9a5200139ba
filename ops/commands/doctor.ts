import { Command } from 'commander'
import { knownHome } from '../appliance/running.ts'
import { examine } from '../doctor/examine.ts'
import type { Finding } from '../doctor/finding.ts'

export { examine }

/** `countroom doctor`: what is wrong and what to do; exit code 0 all green, 1 warnings, 2 something is broken. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('examine the running appliance and say what to do')
    .option('--json', 'for machines')
    .action(async (options: { json?: boolean }) => {
      const findings = await examine(knownHome())
      if (options.json) process.stdout.write(`${JSON.stringify({ findings })}\n`)
      else for (const finding of findings) process.stdout.write(line(finding))
      const worst = findings.map((finding) => finding.severity)
      process.exitCode = worst.includes('broken') ? 2 : worst.includes('warning') ? 1 : 0
    })
}

function line({ id, severity, evidence, remedy }: Finding): string {
  const mark = { sound: 'ok     ', warning: 'WARNING', broken: 'BROKEN ' }[severity]
  return `${mark}  ${id.padEnd(20)} ${evidence}\n${severity === 'sound' || !remedy ? '' : `         ${' '.repeat(20)} → ${remedy}\n`}`
}
