import type { Keys } from '#keys'
import { derOf, type Note, type NoteKey, noteKey, readNote, signatureLine, signersOf } from './note.ts'
import { hashBytes } from './tree.ts'

/** The head of a log: its name, how many leaves it has and their root (C2SP tlog-checkpoint). */
export type Checkpoint = { origin: string; size: number; root: Buffer }

/** The text that is signed. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`
}

/** Reads the text of a checkpoint; whether somebody signed it is another question. @throws Error when it is none */
export function readCheckpointText(text: string): Checkpoint {
  const [, origin = '', size = '', root = ''] =
    /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*$/.exec(text) ?? []
  const hash = Buffer.from(root, 'base64')
  if (hash.length !== hashBytes || hash.toString('base64') !== root || !Number.isSafeInteger(Number(size)))
    throw new Error('this is no checkpoint')
  return { origin, size: Number(size), root: hash }
}

/** @throws Error when the note is no checkpoint */
export function readCheckpoint(note: string): Checkpoint {
  return readCheckpointText(readNote(note).text)
}

export type Signer = Pick<Keys, 'signCheckpoint'> & KeyHolder
export type KeyHolder = Pick<Keys, 'publicKey' | 'list'>

/** The log's own keys, oldest first, as the token has or had them: what an epoch signed stays signed when it is destroyed. */
export async function ownKeys(keys: KeyHolder, origin: string): Promise<NoteKey[]> {
  const epochs = (await keys.list()).filter(({ family, state }) => family === 'sk-audit' && state !== 'pre-active')
  return await Promise.all(
    epochs.map(async ({ key, signsFrom }) => ({
      ...noteKey(origin, await keys.publicKey(key)),
      ...(signsFrom === undefined ? {} : { since: signsFrom }),
    })),
  )
}

/**
 * Which of a log's keys, oldest first, signed its checkpoint, as far as their word counts at its size: a key that was succeeded
 * counts for no larger tree, whoever has it now.
 *
 * @throws Error where none does
 */
export function signersAt(note: Note, keys: readonly NoteKey[], size: number): NoteKey[] {
  const signers = signersOf(note, keys).filter((key) => counts(key, keys, size))
  if (signers.length === 0) throw new Error('its key does not count at this size')
  return signers
}

function counts(key: NoteKey, keys: readonly NoteKey[], size: number): boolean {
  const later = keys.slice(keys.indexOf(key) + 1).filter(({ name }) => name === key.name)
  return size >= (key.since ?? 0) && later.every(({ since }) => since === undefined || size < since)
}

/**
 * Has the token sign a checkpoint under the log's name. Answers the note and the key that signed. The agent remembers what it
 * signed: `after` is the checkpoint kept last, and where that is another it refuses.
 */
export async function signCheckpoint(
  keys: Signer,
  checkpoint: Checkpoint,
  after?: Pick<Checkpoint, 'size' | 'root'>,
  growth?: { note: string; paths: Buffer[][] },
): Promise<{ note: string; key: NoteKey }> {
  const text = checkpointText(checkpoint)
  const signed = await keys.signCheckpoint(text, after, growth)
  const key = noteKey(checkpoint.origin, await keys.publicKey(signed.key))
  const signature = signed.algorithm === 'ed25519' ? signed.signature : derOf(signed.signature)
  return { note: `${text}\n${signatureLine(key, signature)}\n`, key }
}
