import type { Reader } from '#base'
import type { Keys } from '#keys'
import type { Channel } from './channel.ts'
import type { Language } from './language.ts'

/** How somebody is reached and addressed. */
export type Contact = { readonly email: string | undefined; readonly name: string; readonly language: Language }

/** Who a holder is; undefined for nobody, and for somebody who was erased. */
export type Directory = (reader: Reader, keys: Keys, holder: string) => Promise<Contact | undefined>

/** A message ready to go. `id` is the same at every attempt, so that a receiver can tell a repeat. */
export type Letter = {
  readonly id: string
  readonly channel: Channel
  readonly address: string
  readonly language: Language
  /** Of no use after this instant. */
  readonly before?: Date | null
  readonly subject: string
  readonly text: string
  readonly html: string
}

/**
 * What a carrier said. `status` is an enhanced status code (RFC 3463), or the carrier's own code. Neither that nor a reason
 * holds the address. `later`: nothing is known to have gone out, so it is tried again.
 */
export type Fate =
  | { readonly fate: 'accepted'; readonly carrier: string; readonly reference?: string }
  | { readonly fate: 'refused'; readonly status: string }
  | { readonly fate: 'later'; readonly status: string }

/** Takes a letter to where it can be read. Never throws what the other side can cause. */
export type Carrier = { send(letter: Letter): Promise<Fate>; close(): Promise<void> }
