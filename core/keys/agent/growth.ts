import { createPublicKey, verify } from 'node:crypto'
import { isConsistent } from '#base'
import type { Head, SignedLog } from './heads.ts'
import type { Entry } from './register.ts'

/** What another node signed meanwhile, as whoever asks shows it: its checkpoint, and hashes that lead to it from older trees. */
export type Growth = { readonly note: string; readonly paths: readonly (readonly Buffer[])[] }

/**
 * Whether the checkpoint to go on from is this log's, signed by a key of it that counts at its size, and begins with a tree that this agent
 * remembers (RFC 9162, 2.1.4.2). Then the keys are in two tokens and the other one signed in between; a second tree is not such.
 */
export function hasGrown(
  { origin, last, kept }: SignedLog,
  after: Head,
  { note, paths }: Growth,
  keys: readonly Entry[],
): boolean {
  const text = `${origin}\n${after.size}\n${after.root}\n`
  if (!note.startsWith(`${text}\n`) || !isSignedByOne(text, note.slice(text.length + 1), signersAt(after.size, keys)))
    return false
  const root = Buffer.from(after.root, 'base64')
  return [last, kept].some(
    (head) =>
      head !== null &&
      paths.some((path) =>
        isConsistent({ oldSize: head.size, oldRoot: Buffer.from(head.root, 'base64'), size: after.size, root, path }),
      ),
  )
}

/** Epochs whose word counts for a tree of a size: one that was succeeded signs no larger one, whoever has it now. */
function signersAt(size: number, keys: readonly Entry[]): Entry[] {
  const signing = keys.filter(({ state, signsFrom }) => state !== 'pre-active' && (signsFrom ?? 0) <= size)
  return signing.filter(
    ({ epoch }) => !signing.some((later) => later.epoch > epoch && typeof later.signsFrom === 'number'),
  )
}

/** Lines of a signed note (C2SP): a name, and in base 64 four bytes of an id and a signature; that of P-256 is in DER. */
function isSignedByOne(text: string, lines: string, keys: readonly Entry[]): boolean {
  const signatures = [...lines.matchAll(/^— [^ ]+ ([A-Za-z0-9+/=]+)$/gm)].map(([, coded = '']) =>
    Buffer.from(coded, 'base64').subarray(4),
  )
  return keys.some(({ spki, mechanism }) => {
    if (spki === undefined) return false
    const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' })
    const digest = mechanism === 'ed25519' ? null : 'sha256'
    return signatures.some((signature) => verify(digest, Buffer.from(text), key, signature))
  })
}
