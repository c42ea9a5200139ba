import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { canonical, type Reader, type Tx } from '#base'
import { type KeyedCommand, type Keys, open, type Purpose, seal, TamperedEnvelope } from '#keys'

export type Personal = Readonly<Record<string, unknown>>

const purpose: Purpose = 'audit'

/**
 * Seals what an event tells about a person under the player's key, and commits to it: HMAC-SHA256 over its canonical JSON,
 * under a key of its own that is sealed with it. The log holds the commitment only, so it stands when the player is erased,
 * and gives nothing to guess by.
 */
export async function sealPersonal(
  tx: Tx,
  command: KeyedCommand,
  { event, player, personal }: { event: string; player: string; personal: Personal },
): Promise<{ envelope: Buffer; commitment: Buffer }> {
  const salt = randomBytes(32)
  const plaintext = canonical({ personal, salt: salt.toString('hex') })
  return {
    envelope: await seal(tx, command, { ...placeOf(player, event), plaintext }),
    commitment: commit(salt, personal),
  }
}

/**
 * Opens it, and holds it against the commitment of its event.
 *
 * @throws Refusal `keys.shredded` when the player was erased; TamperedEnvelope when it is not what the event committed to
 */
export async function openPersonal(
  reader: Reader,
  keys: Keys,
  sealed: { event: string; player: string; envelope: Buffer; commitment: string },
): Promise<Personal> {
  const text = await open(reader, keys, { ...placeOf(sealed.player, sealed.event), envelope: sealed.envelope })
  const { personal, salt } = JSON.parse(text.toString()) as { personal: Personal; salt: string }
  const commitment = commit(Buffer.from(salt, 'hex'), personal)
  const promised = Buffer.from(sealed.commitment, 'hex')
  if (promised.length !== commitment.length || !timingSafeEqual(promised, commitment))
    throw new TamperedEnvelope('audit.events.sealed')
  return personal
}

/**
 * The personal part of an event, by the event's id; undefined when there is no such event, or none with such a part.
 *
 * @throws as `openPersonal`
 */
export async function personalOf(reader: Reader, keys: Keys, event: string): Promise<Personal | undefined> {
  const [row] = await reader<Array<{ player: string | null; sealed: Buffer | null; commitment: string | null }>>`
    select player, sealed, entry::jsonb #>> '{personal,commitment}' as commitment from audit.events where id = ${event}`
  if (!row?.player || !row.sealed || !row.commitment) return undefined
  const { player, sealed: envelope, commitment } = row
  return openPersonal(reader, keys, { event, player, envelope, commitment })
}

function placeOf(player: string, event: string) {
  return { player, purpose, table: 'audit.events', column: 'sealed', row: event }
}

function commit(salt: Buffer, personal: Personal): Buffer {
  return createHmac('sha256', salt).update(canonical(personal)).digest()
}
