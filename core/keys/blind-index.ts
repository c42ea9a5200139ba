import { domainToASCII } from 'node:url'
import { type Reader, Refusal, type Tx } from '#base'
import type { Keys } from './client.ts'

/** A value under one epoch of the index's key. */
export type BlindIndex = { epoch: string; value: Buffer }

const families = { email: 'hk-email-index' } as const
export type IndexName = keyof typeof families

/**
 * A value that can be looked up without being known: HMAC-SHA256 under a key of the token, one key per index, all 256 bits
 * kept because it serves for uniqueness. This is what is looked up.
 */
export async function blindIndex(
  reader: Reader,
  keys: Keys,
  index: IndexName,
  normalised: string,
): Promise<BlindIndex> {
  const [epoch = ''] = await indexEpochs(reader, index)
  return blindIndexUnder(keys, epoch, index, normalised)
}

/**
 * What is written: the same value under each epoch in use, two while the index's key is rotated. They stay in use until the
 * caller's transaction ends, so two who write one value at the same time always meet in one of them.
 */
export async function blindIndexes(tx: Tx, keys: Keys, index: IndexName, normalised: string): Promise<BlindIndex[]> {
  const [row] = await tx<Array<{ epochs: string[] }>>`select keys.writing(${families[index]}) as epochs`
  return await Promise.all((row?.epochs ?? []).map((epoch) => blindIndexUnder(keys, epoch, index, normalised)))
}

/** The value under one epoch, for who fills an index that is not read yet. */
export async function blindIndexUnder(
  keys: Keys,
  epoch: string,
  index: IndexName,
  normalised: string,
): Promise<BlindIndex> {
  return { epoch, value: await keys.mac(epoch, Buffer.from(`${index}|v1|${normalised}`)) }
}

/** From now on written under both, read under the old one, which is whole. False when it is so already. */
export async function beginIndexEpoch(tx: Tx, index: IndexName, epoch: string): Promise<boolean> {
  const begun = await tx`
    update keys.indexes set epochs = array_append(epochs, ${epoch})
    where family = ${families[index]} and cardinality(epochs) = 1 and not ${epoch} = any (epochs)`
  return begun.count > 0
}

/**
 * From now on written and read under the new one alone. The caller has made sure in this transaction, after `holdIndex`,
 * that every value stands under it.
 */
export async function endIndexEpoch(tx: Tx, index: IndexName): Promise<void> {
  await tx`update keys.indexes set epochs = array[epochs[2]] where family = ${families[index]} and cardinality(epochs) = 2`
}

/** The epochs an index is written under; the first is read. */
export async function indexEpochs(reader: Reader, index: IndexName): Promise<string[]> {
  const [row] = await reader<Array<{ epochs: string[] }>>`
    select epochs from keys.indexes where family = ${families[index]}`
  return row?.epochs ?? []
}

/** Written and read under this epoch alone, whatever stood before: what it was is gone from the token. */
export async function resetIndex(tx: Tx, index: IndexName, epoch: string): Promise<void> {
  await tx`update keys.indexes set epochs = array[${epoch}::text] where family = ${families[index]}`
}

/** Lets those who are writing end, and keeps others back until the caller's transaction ends. Answers the epochs in use. */
export async function holdIndex(tx: Tx, index: IndexName): Promise<string[]> {
  const [row] = await tx<Array<{ epochs: string[] }>>`
    select epochs from keys.indexes where family = ${families[index]} for update`
  return row?.epochs ?? []
}

/**
 * One spelling per mailbox: Unicode NFKC first, then everything is checked on the result, so that no look-alike of `@`
 * or a dot slips by; the domain in IDNA, all in lower case. What nobody sees (control characters, zero-width ones, those that turn
 * writing around) is refused before, since IDNA would drop some of it in silence. The name before the `@` is of ASCII alone, so letters
 * of another script that look like these are no address; in a domain they are one of their own, in Punycode.
 *
 * @throws Refusal `keys.email_malformed`
 */
export function normaliseEmail(text: string): string {
  if (/[\p{C}\p{Default_Ignorable_Code_Point}]/u.test(text.trim())) throw malformed()
  const folded = text.normalize('NFKC').trim().toLowerCase()
  const at = folded.lastIndexOf('@')
  const local = folded.slice(0, at)
  const domain = domainToASCII(folded.slice(at + 1))
  const sound =
    folded.length <= 254 &&
    !/[/\\?#:%\s]/.test(folded.slice(at + 1)) && // of which a reader of URLs would make something
    /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/.test(local) &&
    local.length <= 64 &&
    /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(domain)
  if (!sound) throw malformed()
  return `${local}@${domain}`
}

function malformed(): Refusal {
  return new Refusal('invalid', 'keys.email_malformed', 'This is not an e-mail address we can write to.')
}
