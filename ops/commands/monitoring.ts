import { Command, InvalidArgumentError } from 'commander'
import { cardOf, knownHome } from '../appliance/running.ts'
import { readSettings } from '../appliance/settings.ts'
import { Trouble } from '../appliance/trouble.ts'
import { writeFolder } from '../monitoring/folder.ts'
import type { Receivers } from '../monitoring/routes.ts'
import { targetsOf } from '../monitoring/targets.ts'

type Options = Partial<Receivers> & {
  local?: boolean
  scraper: string
  alertmanager: string[]
  every: number
  json?: boolean
}

/** `countroom monitoring <folder>`: what Prometheus, Alertmanager and Grafana read, rendered from this node's settings. */
export function monitoringCommand(): Command {
  return new Command('monitoring')
    .description('write the configuration of Prometheus, Alertmanager and Grafana for this node')
    .argument('<folder>', 'where it goes; the files of other nodes there stay, and are collected too')
    .option('--local', 'for a Prometheus on this machine: over loopback, the key agent too')
    .option('--scraper <name>', 'the component of the role scraper whose certificate is in <folder>/tls', 'scraper-1')
    .option('--alertmanager <host:port...>', 'who delivers alarms', ['127.0.0.1:9093'])
    .option('--every <seconds>', 'how often everybody is asked', seconds, 15)
    .option('--page <url>', 'webhook of whoever wakes people')
    .option('--ticket <url>', 'webhook of whoever keeps tickets')
    .option('--watchdog <url>', 'webhook outside that calls when it is silent')
    .option('--json', 'for machines')
    .action((folder: string, { local, scraper, alertmanager, every, json, ...hooks }: Options) => {
      const home = knownHome()
      const read = readSettings(home)
      const settings = { ...read, ports: { ...read.ports, ...cardOf(home)?.ports } }
      const groups = targetsOf(settings, local ?? false)
      const receivers = receiversOf(hooks)
      const written = writeFolder(folder, {
        node: settings.nodeName,
        groups,
        scraper,
        alertmanagers: alertmanager,
        everySeconds: every,
        ...(receivers ? { receivers } : {}),
      })
      const overTls = groups.some(({ labels }) => labels.__scheme__ === 'https')
      if (json) process.stdout.write(`${JSON.stringify({ folder, written, components: groups.length, overTls })}\n`)
      else process.stdout.write(screen(folder, written, overTls ? scraper : undefined))
    })
}

function receiversOf({ page, ticket, watchdog }: Partial<Receivers>): Receivers | undefined {
  const given = [page, ticket, watchdog]
  if (given.every((each) => each === undefined)) return undefined
  const wrong = given.find((each) => each === undefined || !URL.canParse(each))
  if (page === undefined || ticket === undefined || watchdog === undefined || wrong !== undefined)
    throw new Trouble(wrong ? `"${wrong}" is no URL.` : 'Alertmanager wants all three receivers, or none.', {
      setting: '--page, --ticket, --watchdog',
      remedy: 'npx countroom monitoring --help',
    })
  return { page, ticket, watchdog }
}

function screen(folder: string, written: string[], scraper: string | undefined): string {
  const certificate = `
  They are asked over mutual TLS. ${scraper} gets its certificate into ${folder}/tls once:

    npx countroom pki enrol scraper ${scraper}         # here
    npx countroom pki request ${scraper} --to ${folder}/tls …   # there, as the first one says
`
  return `
  Written into ${folder}: ${written.join(', ')}, alerts/, dashboards/.
${scraper ? certificate : ''}
  promtool check config ${folder}/prometheus.yml tells whether all of it is there.

`
}

function seconds(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > 300)
    throw new InvalidArgumentError('It is a whole number of seconds, 300 at most.')
  return count
}
