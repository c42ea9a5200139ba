import { type Adapter, type AdapterPayload, errors } from 'oidc-provider'
import * as access from '#access'
import { Refusal } from '#base'
import { type Host, transact } from '../host.ts'
import { problemOf } from '../refusals.ts'
import { metadataOf } from './client-metadata.ts'
import { commandOfClient } from './command.ts'

type Entry = AdapterPayload & Record<string, unknown>
/** One of many uses at a time wins here; the library looks first and writes after. */
const usedOnce = 'ReplayDetection'

/**
 * What the library keeps goes to the room `access`, and clients come from there; nothing is kept in the process. Engines that
 * are away are told in OAuth's words.
 */
export function adapterOf(host: Host, kind: access.Client['kind']): (model: string) => Adapter {
  return (model) => ({
    upsert: (id, payload, expiresIn = access.signOnSecondsMax) =>
      inOAuth(async () => {
        const expiresAt = new Date(Date.now() + expiresIn * 1000)
        if (model !== usedOnce)
          return transact(host, (tx) => access.keep(tx, { kind: model, id, payload: payload as Entry, expiresAt }))
        const first = await transact(host, (tx) => access.useOnce(tx, { kind: model, id, expiresAt }))
        if (!first) throw new errors.InvalidRequest('this proof was used before')
      }),
    find: (id) =>
      inOAuth(async () => {
        if (model !== 'Client')
          return (await access.find(host.sql, { kind: model, id }, host.now())) as Entry | undefined
        const client = await access.findClient(host.sql, id)
        return client?.kind === kind ? (metadataOf(client) as Entry) : undefined
      }),
    findByUid: (uid) => inOAuth(async () => (await access.findSignOn(host.sql, uid, host.now())) as Entry | undefined),
    findByUserCode: async () => undefined,
    consume: (id) =>
      inOAuth(async () => {
        const first = await transact(host, (tx) => access.consume(tx, commandOfClient(host), { kind: model, id }))
        if (first) return
        throw model === 'PushedAuthorizationRequest'
          ? new errors.InvalidRequestUri('the request was used before')
          : new errors.InvalidGrant(`a second use of one ${model}`)
      }),
    destroy: (id) => inOAuth(() => transact(host, (tx) => access.destroy(tx, { kind: model, id }))),
    revokeByGrantId: (grant) =>
      inOAuth(() => transact(host, (tx) => access.revokeGrant(tx, commandOfClient(host), grant))),
  })
}

/** A database or key agent that is away is no defect of the library's: the client is told to come back. */
export async function inOAuth<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof errors.OIDCProviderError) throw error
    if (problemOf(error, '').status !== 503) throw error
    const away = new errors.TemporarilyUnavailable('The casino is not reachable at the moment.')
    throw Object.assign(away, { status: 503, statusCode: 503, cause: error instanceof Refusal ? error : undefined })
  }
}
