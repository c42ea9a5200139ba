import { hkdfSync, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Keys } from '#keys'
import type { Home } from '../appliance/home.ts'
import { parts } from './place.ts'

const family = 'kek-backup'

/** The key of a home's repositories as it lies on a disk: worth nothing without a token that has the key it is wrapped under. */
export type WrappedKey = { kek: string; wrapped: string; binding: string; context: string }

/** What follows from the key: the passphrase of pgBackRest, and what seals recovery sets. */
export type RepositoryKey = { passphrase: string; sealing: Buffer }

/**
 * The key of this home's repositories, made when there is none, and kept under the epoch that is active now: what it was wrapped
 * under before may be destroyed one day.
 *
 * @throws Refusal `keys.unavailable`
 */
export async function ensureRepositoryKey(home: Home, agent: Keys): Promise<WrappedKey> {
  const known = home.has(parts.key) ? (JSON.parse(readFileSync(home.path(parts.key), 'utf8')) as WrappedKey) : undefined
  const active = await agent.active(family)
  if (known?.kek === active) return known
  const key = known ? await rewrapped(agent, known) : await newKey(agent)
  home.write(parts.key, `${JSON.stringify(key)}\n`, 0o600)
  return key
}

/** @throws Refusal, or KeysRefused where this token does not have the key, or something was changed */
export async function openRepositoryKey(agent: Keys, key: WrappedKey): Promise<RepositoryKey> {
  const secret = await agent.openDek(key.kek, ...bytesOf(key))
  const derive = (use: string) => Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), use, 32))
  const passphrase = derive('countroom-repository-1').toString('base64url')
  const sealing = derive('countroom-recovery-set-1')
  secret.fill(0)
  return { passphrase, sealing }
}

async function newKey(agent: Keys): Promise<WrappedKey> {
  const context = `repository|${randomUUID()}`
  const { dek, kek, wrapped, binding } = await agent.newDek(family, Buffer.from(context))
  dek.fill(0)
  return { kek, wrapped: wrapped.toString('base64'), binding: binding.toString('base64'), context }
}

async function rewrapped(agent: Keys, key: WrappedKey): Promise<WrappedKey> {
  const [context, wrapped, binding] = bytesOf(key)
  const [fresh] = await agent.rewrapDeks([{ kek: key.kek, context, wrapped, binding }])
  if (!fresh) throw new Error('the key agent wrapped nothing')
  return {
    kek: fresh.kek,
    wrapped: fresh.wrapped.toString('base64'),
    binding: fresh.binding.toString('base64'),
    context: key.context,
  }
}

function bytesOf({ context, wrapped, binding }: WrappedKey): [context: Buffer, wrapped: Buffer, binding: Buffer] {
  return [Buffer.from(context), Buffer.from(wrapped, 'base64'), Buffer.from(binding, 'base64')]
}
