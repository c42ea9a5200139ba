import { timingSafeEqual } from 'node:crypto'
import type { Reader } from '#base'
import type { Keys } from '#keys'
import type * as licences from '#licences'
import { profile } from './player.ts'

/** What somebody says of themselves, to show who they are. */
export type Evidence = Partial<Record<licences.PersonalFact, string>>

/** Do they know all that is asked for? A postal code is compared without spaces and dashes, however it is written. */
export async function knows(
  reader: Reader,
  keys: Keys,
  { player, asked, given }: { player: string; asked: readonly licences.PersonalFact[]; given: Evidence },
): Promise<boolean> {
  const { dateOfBirth, address } = await profile(reader, keys, player)
  const facts: Record<licences.PersonalFact, string> = { dateOfBirth, postalCode: address.postalCode }
  return asked.every((fact) => isSame(facts[fact], given[fact] ?? ''))
}

function isSame(one: string, other: string): boolean {
  const [kept, said] = [spelt(one), spelt(other)]
  return kept.length === said.length && kept.length > 0 && timingSafeEqual(kept, said)
}

function spelt(text: string): Buffer {
  return Buffer.from(text.normalize('NFKC').toUpperCase().replaceAll(/[\s-]/g, ''))
}
