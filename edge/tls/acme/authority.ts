import { AsyncLocalStorage } from 'node:async_hooks'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { join } from 'node:path'
import acme from 'acme-client'
import type { EdgeConfig } from '../../config.ts'
import { Limited, waitMsOf } from './limited.ts'

export type AcmeConfig = NonNullable<EdgeConfig['acme']>

/** That a name is ours: `content` is what the authority wants to find under `token` (RFC 8555, 8.1). */
type Proof = { name: string; token: string; content: string }

/** Where an authority finds proofs while it looks: at a path of ours, or in a handshake. It looks once `put` is done. */
export type Proofs = { put(proof: Proof): Promise<void>; remove(proof: Proof): Promise<void> }

export type Obtained = { key: string; chain: string }

const rateLimited = 'urn:ietf:params:acme:error:rateLimited'
const orders = new AsyncLocalStorage<{ limited?: Limited }>()

// The library drops what an authority says of when it may be asked again, and would itself go on to ask within the order.
acme.axios.interceptors.request.use((request) => {
  const limited = orders.getStore()?.limited
  if (limited) throw limited
  return request
})
acme.axios.interceptors.response.use((response) => {
  const { status, headers, data } = response
  const isLimit = status === 429 || status === 503 || (status >= 400 && data?.type === rateLimited)
  const waitMs = isLimit ? waitMsOf(headers['retry-after'], Date.now()) : 0
  const own = orders.getStore()
  if (waitMs === 0 || own === undefined) return response
  own.limited = new Limited(typeof data?.detail === 'string' ? data.detail : `the authority answers ${status}`, waitMs)
  throw own.limited
})

/**
 * One certificate over all names, by ACME (RFC 8555). The account's key is made with the first.
 *
 * @throws Limited when the authority says how long it wants to be left alone, Error what else it says
 */
export async function obtain(config: AcmeConfig, proofs: Proofs): Promise<Obtained> {
  try {
    return await orders.run({}, () => order(config, proofs))
  } catch (error) {
    // So the library tells of a connection that did not come about.
    throw error instanceof TypeError ? new Error('the authority does not answer', { cause: error }) : error
  }
}

async function order(config: AcmeConfig, proofs: Proofs): Promise<Obtained> {
  if (config.caFile) acme.axios.defaults.httpsAgent = new Agent({ ca: readFileSync(config.caFile) })
  // Whoever calls waits between tries; an order is not tried again at once by itself.
  Object.assign(acme.axios.defaults, { acmeSettings: { retryMaxAttempts: 0, retryDefaultDelay: 1 } })
  acme.axios.defaults.timeout = 20_000
  const known = accountUrl(config)
  const client = new acme.Client({
    directoryUrl: config.directory,
    accountKey: await accountKey(config.dir),
    ...(known ? { accountUrl: known } : {}),
    backoffAttempts: 10,
    backoffMin: 500,
    backoffMax: 5000,
  })
  const key = await acme.crypto.createPrivateEcdsaKey('P-256')
  const [, csr] = await acme.crypto.createCsr({ altNames: [...config.names] }, key)
  const asking = client.auto({
    csr,
    ...(config.contact ? { email: config.contact } : {}),
    termsOfServiceAgreed: true,
    challengePriority: [config.proof],
    skipChallengeVerification: true, // the authority looks for itself, and from elsewhere
    challengeCreateFn: (authorization, { token }, content) => proofs.put(proofOf(authorization, token, content)),
    challengeRemoveFn: (authorization, { token }, content) => proofs.remove(proofOf(authorization, token, content)),
  })
  try {
    return { key: key.toString(), chain: await asking }
  } catch (error) {
    // It may be what the authority does not know any more: the next try asks anew.
    if (known && !(error instanceof TypeError || error instanceof Limited)) rmSync(accountFile(config))
    throw error
  } finally {
    if (!known) remember(config, client)
  }
}

function proofOf({ identifier }: acme.Authorization, token: string, content: string): Proof {
  return { name: identifier.value, token, content }
}

async function accountKey(dir: string): Promise<string> {
  const file = join(dir, 'account.key')
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    const key = (await acme.crypto.createPrivateEcdsaKey('P-256')).toString()
    writeFileSync(file, key, { mode: 0o600, flag: 'wx' })
    return key
  }
}

/** An account is one authority's, and is not asked for again: some take that for an empty change of it. */
function accountUrl(config: AcmeConfig): string | undefined {
  const file = accountFile(config)
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

function remember(config: AcmeConfig, client: acme.Client): void {
  try {
    writeFileSync(accountFile(config), client.getAccountUrl())
  } catch {
    // There is none yet.
  }
}

function accountFile({ dir, directory }: AcmeConfig): string {
  return join(dir, `account-${new URL(directory).host.replace(':', '-')}.url`)
}
