import { readFileSync } from 'node:fs'
import * as access from '#access'
import type { Tx } from '#base'
import { clientData, clientDataOf } from '../../core/host/client-shapes.ts'
import type { Home } from '../appliance/home.ts'
import { Trouble } from '../appliance/trouble.ts'
import { askVouchers } from '../keys/ask.ts'
import { atDesk, type Desk } from '../keys/desk.ts'

/** `countroom access list`. */
export async function showClients(home: Home, { json }: { json?: boolean }): Promise<void> {
  const clients = await atDesk(home, (desk) => access.clients(desk.sql))
  process.stdout.write(json ? `${JSON.stringify({ clients, scopes: access.scopes })}\n` : screen(clients))
}

/** `countroom access add`: two say yes to what stands in the file. */
export async function addClient(home: Home, client: string, file: string): Promise<void> {
  const data = readClient(file)
  await change(home, `let ${client} in`, (tx, desk, approvedBy) =>
    access.addClient(tx, desk.command(), { client, data, approvedBy }),
  )
}

export async function changeClient(home: Home, client: string, file: string): Promise<void> {
  const data = readClient(file)
  await change(home, `change ${client}`, (tx, desk, approvedBy) =>
    access.changeClient(tx, desk.command(), { client, data, approvedBy }),
  )
}

export async function removeClient(home: Home, client: string, reason: string): Promise<void> {
  await change(home, `remove ${client}`, (tx, desk, approvedBy) =>
    access.removeClient(tx, desk.command(), { client, reason, approvedBy }),
  )
}

async function change(
  home: Home,
  act: string,
  work: (tx: Tx, desk: Desk, approvedBy: string[]) => Promise<void>,
): Promise<void> {
  await atDesk(home, async (desk) => {
    const approvedBy = await askVouchers(desk, act, 'clients.approve')
    await desk.sql.begin((tx) => work(tx, desk, approvedBy))
  })
}

function readClient(file: string): access.ClientData {
  try {
    return clientDataOf(clientData.parse(JSON.parse(readFileSync(file, 'utf8'))))
  } catch (cause) {
    throw new Trouble(`${file} does not describe a client.`, {
      setting: '--from',
      remedy: 'ops/runbooks/clients.md has examples',
      cause,
    })
  }
}

function screen(clients: readonly access.Client[]): string {
  const lines = clients.map(({ client, kind, name, authentication, component, binding, scopes, redirectUris }) =>
    [
      client.padEnd(24),
      kind.padEnd(8),
      `${authentication === 'key' ? 'a key' : `certificate of ${component}`}, tokens bound by ${binding}`.padEnd(56),
      [...scopes, ...redirectUris].join(' '),
      `(${name})`,
    ].join(' '),
  )
  const known = Object.entries(access.scopes).map(([scope, words]) => `  ${scope.padEnd(24)} ${words}`)
  return `${lines.length > 0 ? lines.join('\n') : 'There are no clients yet.'}\n\nScopes for machines:\n${known.join('\n')}\n`
}
