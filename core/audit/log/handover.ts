import { createPublicKey } from 'node:crypto'
import type { KeyHolder } from './checkpoint.ts'
import { derOf, type Note, type NoteKey, noteKey, readNote, signatureLine, signersOf } from './note.ts'

/** One key of a log hands it over to the next, which signs from a size on and the one before no more. `note` has one signature. */
export type Handover = { origin: string; since: number; key: NoteKey; note: Note }

const format = 'countroom-log-handover-1'

/**
 * What the log's keys signed as they were succeeded, oldest first: notes (C2SP signed-note) that whoever trusts an older key can follow to the
 * newest. None is there of a key that was destroyed before a log that was put back came to its size again.
 */
export async function handovers(keys: KeyHolder, origin: string): Promise<string[]> {
  const epochs = (await keys.list()).filter(({ family }) => family === 'sk-audit')
  const notes = epochs.map(async ({ handover }) => {
    if (handover?.text.split('\n')[1] !== origin) return []
    const by = noteKey(origin, await keys.publicKey(handover.by))
    const raw = Buffer.from(handover.signature, 'base64')
    return [`${handover.text}\n${signatureLine(by, by.kind === 1 ? raw : derOf(raw))}\n`]
  })
  return (await Promise.all(notes)).flat()
}

/** Reads what a handover says; whether the key before signed it is another question. @throws Error when it is none */
export function readHandover(handover: string): Handover {
  const note = readNote(handover)
  const [, form, origin = '', since, spki = ''] =
    /^([^\n]+)\n([^\n]+)\n([1-9]\d{0,14})\n([A-Za-z0-9+/]+={0,2})\n$/.exec(note.text) ?? []
  if (form !== format || note.signatures.length !== 1) throw new Error('this is no handover of a log')
  const der = Buffer.from(spki, 'base64')
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' })
  if (!publicKey.export({ format: 'der', type: 'spki' }).equals(der)) throw new Error('this is no handover of a log')
  return { origin, since: Number(since), key: noteKey(origin, publicKey), note }
}

/**
 * The keys that are trusted and those that they handed the log over to, oldest first. A handover by a key that is not among them says
 * nothing; one that contradicts what is known of who came next is worse.
 *
 * @throws Error where a key handed over to two, or a signature is not its own
 */
export function follow(trusted: readonly NoteKey[], notes: readonly string[]): NoteKey[] {
  const keys = distinct(trusted)
  for (const each of notes) {
    const { origin, since, key, note } = readHandover(each)
    const own = keys.filter(({ name }) => name === origin)
    const signer = own.find(({ id }) => id === note.signatures[0]?.id)
    if (!signer) continue
    signersOf(note, [signer])
    const next = own[own.indexOf(signer) + 1]
    const contradicts = next
      ? next.id !== key.id || (next.since ?? since) !== since
      : own.some(({ id }) => id === key.id)
    if (contradicts || since <= (signer.since ?? 0))
      throw new Error(`the log ${origin} was handed over otherwise than is known of its keys`)
    keys.splice(next ? keys.indexOf(next) : keys.length, next ? 1 : 0, { ...key, since })
  }
  return keys
}

/** Each key once, in its place, with the size it is said to sign from. */
function distinct(keys: readonly NoteKey[]): NoteKey[] {
  const byName = new Map<string, NoteKey>()
  for (const key of keys) {
    const name = `${key.name}+${key.id}`
    byName.set(name, { ...byName.get(name), ...key })
  }
  return [...byName.values()]
}
