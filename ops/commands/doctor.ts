import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { type Home, homeDirectory, viewHome } from '../appliance/home.ts'
import type { Card } from '../appliance.ts'
import { checks, type Finding } from '../doctor/checks.ts'

/** `countroom doctor`: what is wrong and what to do; exit code 0 all green, 1 warnings, 2 something is broken. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('examine the running appliance and say what to do')
    .option('--json', 'for machines')
    .action(async (options: { json?: boolean }) => {
      const findings = await examine(viewHome(homeDirectory()))
      if (options.json) process.stdout.write(`${JSON.stringify({ findings })}\n`)
      else for (const finding of findings) process.stdout.write(line(finding))
      const worst = findings.map((finding) => finding.severity)
      process.exitCode = worst.includes('broken') ? 2 : worst.includes('warning') ? 1 : 0
    })
}

/** Every check, one after the other; a check that cannot be made is itself a finding. */
export async function examine(home: Home): Promise<Finding[]> {
  const card = home.has('run/appliance.json')
    ? (JSON.parse(readFileSync(home.path('run/appliance.json'), 'utf8')) as Card)
    : undefined
  const findings: Finding[] = []
  for (const check of checks) {
    try {
      findings.push({ id: check.id, ...(await check.look({ home, card })) })
    } catch (error) {
      findings.push({ id: check.id, severity: 'broken', evidence: (error as Error).message, remedy: check.remedy })
    }
  }
  return findings
}

function line({ id, severity, evidence, remedy }: Finding): string {
  const mark = { sound: 'ok     ', warning: 'WARNING', broken: 'BROKEN ' }[severity]
  return `${mark}  ${id.padEnd(22)} ${evidence}\n${severity === 'sound' || !remedy ? '' : `         ${' '.repeat(22)} → ${remedy}\n`}`
}
