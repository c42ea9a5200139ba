import * as audit from '#audit'
import type { Command, Reader, Tx } from '#base'
import { clientInvalid, clientKnown, clientUnknown } from './errors.ts'
import { type ClientData, faultOfClient, isClientName, thumbprintOf } from './policy.ts'

export type Client = ClientData & { client: string; addedAt: Date }

/** Who said yes to a change: two people, none of them alone. */
type Approved = { approvedBy: readonly string[] }

/**
 * Lets a client in, from now on. Its name was nobody's before and will be nobody else's.
 *
 * @throws Refusal `access.client_invalid`, `access.client_known`
 */
export async function addClient(
  tx: Tx,
  command: Command,
  { client, data, approvedBy }: Approved & { client: string; data: ClientData },
): Promise<void> {
  refuseFault(client, data)
  const made = await tx`
    insert into access.clients
      (client, name, kind, authentication, keys, component, binding, scopes, redirect_uris, pushed, added_at)
    values (${client}, ${data.name}, ${data.kind}, ${data.authentication}, ${tx.json(data.keys as never)},
      ${data.component ?? null}, ${data.binding}, ${[...data.scopes]}, ${[...data.redirectUris]}, ${data.pushed}, ${command.now})
    on conflict (client) do nothing`
  if (made.count === 0) throw clientKnown()
  const detail = { ...shown(data), approvedBy: [...approvedBy] }
  await audit.record(tx, command, { action: 'access.client_added', subject: client, detail })
}

/**
 * Makes a client another one, but for its kind: what it was given before is refused from this instant on, and it asks anew.
 *
 * @throws Refusal `access.client_invalid`, `access.client_unknown`
 */
export async function changeClient(
  tx: Tx,
  command: Command,
  { client, data, approvedBy }: Approved & { client: string; data: ClientData },
): Promise<void> {
  refuseFault(client, data)
  const old = await lockClient(tx, client)
  if (old.kind !== data.kind) throw clientInvalid(`${client} is of kind ${old.kind}`)
  await tx`
    update access.clients set name = ${data.name}, authentication = ${data.authentication},
      keys = ${tx.json(data.keys as never)}, component = ${data.component ?? null}, binding = ${data.binding},
      scopes = ${[...data.scopes]}, redirect_uris = ${[...data.redirectUris]}, pushed = ${data.pushed},
      tokens_from = ${command.now}
    where client = ${client}`
  await forget(tx, client)
  await audit.record(tx, command, {
    action: 'access.client_changed',
    subject: client,
    detail: { approvedBy: [...approvedBy] },
    ...audit.changed(shown(old), shown(data)),
  })
}

/** Lets a client in no more; its tokens are refused from this instant on. @throws Refusal `access.client_unknown` */
export async function removeClient(
  tx: Tx,
  command: Command,
  { client, reason, approvedBy }: Approved & { client: string; reason: string },
): Promise<void> {
  await lockClient(tx, client)
  await tx`update access.clients set removed_at = ${command.now} where client = ${client}`
  await forget(tx, client)
  const detail = { approvedBy: [...approvedBy] }
  await audit.record(tx, command, { action: 'access.client_removed', subject: client, reason, detail })
}

export async function findClient(reader: Reader, client: string): Promise<Client | undefined> {
  if (!isClientName(client)) return undefined // as strangers write it, it may be nothing a database takes
  const [row] = await reader<Row[]>`${columns(reader)} where client = ${client} and removed_at is null`
  return row && clientOf(row)
}

/** Every client that is let in, by name. */
export async function clients(reader: Reader): Promise<Client[]> {
  return (await reader<Row[]>`${columns(reader)} where removed_at is null order by client`).map(clientOf)
}

/** Is a token of this client, issued at that second, still one? The row decides, on every node at once. */
export async function stands(
  reader: Reader,
  { client, issuedAt }: { client: string; issuedAt: Date },
): Promise<boolean> {
  const [row] = await reader<Array<{ stands: boolean }>>`
    select exists (select from access.clients
      where client = ${client} and removed_at is null and (tokens_from is null or tokens_from <= ${issuedAt})) as stands`
  return row?.stands === true
}

async function lockClient(tx: Tx, client: string): Promise<Client> {
  const [row] = await tx<Row[]>`${columns(tx)} where client = ${client} and removed_at is null for update`
  if (!row) throw clientUnknown()
  return clientOf(row)
}

/** What the client holds beside self-contained tokens. */
async function forget(tx: Tx, client: string): Promise<void> {
  await tx`delete from access.artifacts where client = ${client}`
}

type Row = Omit<Client, 'component'> & { component: string | null }

function clientOf({ component, ...row }: Row): Client {
  return component === null ? row : { ...row, component }
}

function columns(reader: Reader) {
  return reader`
    select client, name, kind, authentication, keys, component, binding, scopes, redirect_uris as "redirectUris", pushed,
      added_at as "addedAt"
    from access.clients`
}

function refuseFault(client: string, data: ClientData): void {
  const fault = faultOfClient(client, data)
  if (fault !== undefined) throw clientInvalid(fault)
}

/** As the log has it: keys by their thumbprints. */
function shown({ name, kind, authentication, keys, component, binding, scopes, redirectUris, pushed }: ClientData) {
  return {
    name,
    kind,
    authentication,
    keys: keys.map(thumbprintOf),
    component: component ?? null,
    binding,
    scopes: [...scopes],
    redirectUris: [...redirectUris],
    pushed,
  }
}
