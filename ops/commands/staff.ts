import { Command, InvalidArgumentError, Option } from 'commander'
import { Refusal, systemCommand, type Tx } from '#base'
import { connectKeys } from '#keys'
import * as staff from '#staff'
import type { Home } from '../appliance/home.ts'
import { connect } from '../appliance/postgres.ts'
import { knownHome, runningCard } from '../appliance/running.ts'
import { readSettings } from '../appliance/settings.ts'
import { agentSocket } from '../appliance/sockets.ts'
import { Trouble } from '../appliance/trouble.ts'
import { inWords } from '../keys/desk.ts'
import { gatherShares } from '../keys/shares.ts'
import { print } from './print.ts'

/** `countroom staff`: the review of access, and the glass to break when two are not to be had. */
export function staffCommand(): Command {
  return new Command('staff')
    .description('review who may do what; break the glass when two people are not to be had')
    .addCommand(
      new Command('review')
        .description('who may do what, by which role, and when they last did')
        .option('--json', 'for machines')
        .action(review),
    )
    .addCommand(
      new Command('break-glass')
        .description(
          'as root, in an emergency: enrol an administrator, or let one member approve what they ask for. An alarm until it is reviewed',
        )
        .requiredOption('--reason <words>', 'why; it is written down and shown to everybody in the back office', words)
        .addOption(
          new Option('--enrol', 'print a one-time link for an administrator: the last one is lost').conflicts('alone'),
        )
        .option('--alone <login>', 'this member may approve what they ask for themselves')
        .option('--minutes <count>', 'for so long, with --alone', minutes, 60)
        .option('--shares', 'a quorum of custodians types their shares here, and it is said to be theirs')
        .option('--json', 'for machines')
        .action(breakGlass),
    )
}

async function review({ json }: { json?: boolean }): Promise<void> {
  const sql = connect(running().home, 'app')
  try {
    const report = await staff.accessReview(sql, new Date())
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${linesOf(report).join('\n')}\n`)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

type Report = Awaited<ReturnType<typeof staff.accessReview>>

function linesOf({ members, last, digest }: Report): string[] {
  const day = (at: Date | null) => at?.toISOString().slice(0, 10) ?? 'never'
  const lines = members.flatMap(({ name, roles, held, lastSignIn }) => [
    `${name}: ${roles.map(({ role, until }) => (until ? `${role} until ${until.toISOString()}` : role)).join(', ')}; last sign-in ${day(lastSignIn)}`,
    ...held.map(
      ({ permission, usedAt }) => `  ${permission.padEnd(26)} ${usedAt ? `last used ${day(usedAt)}` : 'never used'}`,
    ),
  ])
  return [
    ...lines,
    last ? `Last reviewed ${day(last.at)} by ${last.by}: ${last.finding}` : 'Never reviewed.',
    `This report is ${digest}; whoever has looked says so in the back office, under Staff.`,
  ]
}

type Glass = { reason: string; enrol?: boolean; alone?: string; minutes: number; shares?: boolean; json?: boolean }

async function breakGlass({ reason, enrol, alone, minutes, shares = false, json }: Glass): Promise<void> {
  if (!enrol && alone === undefined)
    throw new Trouble('Which glass?', {
      setting: '--enrol, --alone <login>',
      remedy: 'countroom staff break-glass --help',
    })
  const { home, card } = running()
  const custodians = await custodiansOf(home, shares)
  const sql = connect(home, 'owner')
  const command = systemCommand('countroom staff break-glass')
  try {
    const said = (await sql.begin(async (tx: Tx) => {
      if (enrol) {
        const { secret } = await staff.breakGlassForPlace(tx, command, { reason, custodians })
        const link = `${card.urls.operator}enrol#${secret}`
        return { document: { link }, words: link }
      }
      const { until } = await staff.breakGlassAlone(tx, command, { login: alone ?? '', reason, minutes, custodians })
      const words = `${alone} may approve alone what they ask for, until ${until.toISOString()}.`
      return { document: { login: alone, until }, words }
    })) as { document: object; words: string }
    print(
      json,
      said.document,
      `${said.words}\nThis is an alarm in the audit log, and stands in the back office until somebody else has reviewed it.\n`,
    )
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new Trouble(error.message, { setting: '--alone', remedy: 'countroom staff review names them', cause: error })
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/**
 * Whose shares were typed; nobody's where the console is enough and nobody asked for them. They are read from a terminal and nowhere
 * else, and go to the key agent alone, which forgets them.
 */
async function custodiansOf(home: Home, shares: boolean): Promise<string[]> {
  const wanted = readSettings(home).breakGlassBy === 'custodians'
  if (!shares && !wanted) return []
  if (!shares || !process.stdin.isTTY)
    throw new Trouble('This glass is broken by the shares of custodians, typed at a terminal.', {
      setting: wanted ? 'breakGlassBy' : '--shares',
      remedy: 'bring a quorum of custodians to a terminal of this node, and add --shares',
    })
  const agent = connectKeys({ socket: agentSocket(home, 'ops') })
  try {
    const { recovery } = await agent.statusOfCeremony()
    return await inWords(async () => agent.custodiansVouch(await gatherShares(recovery?.threshold ?? 0, undefined)))
  } finally {
    await agent.close()
  }
}

function running() {
  const home = knownHome()
  return { home, card: runningCard(home) }
}

function words(text: string): string {
  if (text.trim().length < 10) throw new InvalidArgumentError('Say why, in a sentence.')
  return text.trim()
}

function minutes(text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 5 || count > staff.emergencyMinutesMax)
    throw new InvalidArgumentError(`Between 5 and ${staff.emergencyMinutesMax}.`)
  return count
}
