import { Command } from 'commander'
import type { Home } from '../appliance/home.ts'
import { knownHome, runningCard } from '../appliance/running.ts'
import { print } from './print.ts'

/**
 * `countroom access`: the machines and apps that may ask for tokens. What changes something needs two members of staff with the
 * permission `clients.approve`.
 */
export function accessCommand(): Command {
  const command = new Command('access').description(
    'list, let in, change and remove machines and apps that ask for tokens',
  )
  for (const part of [list(), add(), change(), remove()]) command.addCommand(part)
  return command
}

function list(): Command {
  return new Command('list')
    .description('every client that is let in, and the scopes there are')
    .option('--json', 'for machines')
    .action(async (options: { json?: boolean }) => (await import('../access/clients.ts')).showClients(home(), options))
}

function add(): Command {
  return new Command('add')
    .description('let a client in; core/access/README.md has what the file says')
    .argument('<name>', 'what it is called, for ever: small letters, digits, dashes')
    .requiredOption(
      '--from <file>',
      'JSON: kind, name, authentication, keys or component, binding, scopes, redirectUris',
    )
    .option('--json', 'for machines')
    .action(async (name: string, { from, json }: { from: string; json?: boolean }) => {
      await (await import('../access/clients.ts')).addClient(home(), name, from)
      print(json, { client: name, added: true }, `${name} is let in.\n`)
    })
}

function change(): Command {
  return new Command('change')
    .description('make a client another one; tokens it has are refused from then on')
    .argument('<name>')
    .requiredOption('--from <file>', 'all of it, as for add')
    .option('--json', 'for machines')
    .action(async (name: string, { from, json }: { from: string; json?: boolean }) => {
      await (await import('../access/clients.ts')).changeClient(home(), name, from)
      print(json, { client: name, changed: true }, `${name} is changed; it asks for new tokens.\n`)
    })
}

function remove(): Command {
  return new Command('remove')
    .description('let a client in no more; tokens it has are refused from then on')
    .argument('<name>')
    .requiredOption('--reason <words>', 'why; it is written down')
    .option('--json', 'for machines')
    .action(async (name: string, { reason, json }: { reason: string; json?: boolean }) => {
      await (await import('../access/clients.ts')).removeClient(home(), name, reason)
      print(json, { client: name, removed: true }, `${name} is let in no more.\n`)
    })
}

function home(): Home {
  const home = knownHome()
  runningCard(home)
  return home
}
