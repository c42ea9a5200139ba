import type { Handover } from '../entry.ts'
import type { Family } from './catalogue.ts'
import type { SignedLog } from './heads.ts'
import type { Entry } from './register.ts'

export const logFamily: Family = 'sk-audit'

/**
 * The keys after a tree was signed: where it is the first of its key, that key signs from this size on, and the one before signs that it hands
 * the log over to it. It signs that here, in the token, when the size is known, and for nobody who asks: who has the worker, or its
 * socket, can hand the log to no key of theirs.
 */
export function succession(
  entries: readonly Entry[],
  log: SignedLog,
  sign: (by: Entry, text: string) => Buffer,
): readonly Entry[] {
  return entries.map((entry) => {
    if (!succeeds(entry, log)) return entry
    const { handover: _earlier, ...rest } = entry
    const signsFrom = sizeAfter(log)
    const before = predecessor(entry, entries)
    if (before?.state !== 'decrypt-only' || entry.spki === undefined) return { ...rest, signsFrom }
    const text = `countroom-log-handover-1\n${log.origin}\n${signsFrom}\n${entry.spki}\n`
    const handover: Handover = { by: before.key, text, signature: sign(before, text).toString('base64') }
    return { ...rest, signsFrom, handover }
  })
}

/** The key that still has to be handed the log by this one, which may not go before. */
export function awaitsHandover(entry: Entry, entries: readonly Entry[]): Entry | undefined {
  return entries.find(
    (each) =>
      each.family === logFamily &&
      each.state === 'active' &&
      each.signsFrom === null &&
      predecessor(each, entries) === entry,
  )
}

/** An epoch that signs its first tree, or a smaller one than its first, since somebody vouched for a log put back. */
function succeeds({ family, state, signsFrom }: Entry, { last }: SignedLog): boolean {
  if (family !== logFamily || state !== 'active' || signsFrom === undefined) return false
  return signsFrom === null || last.size < signsFrom
}

/** The tree kept last was signed by the key before; whatever is larger is not. */
function sizeAfter({ kept }: SignedLog): number {
  return (kept?.size ?? 0) + 1
}

/** Who signed before: the newest of the older epochs that ever signed a tree. */
function predecessor({ epoch }: Entry, entries: readonly Entry[]): Entry | undefined {
  return entries
    .filter((each) => each.family === logFamily && each.epoch < epoch && each.state !== 'pre-active')
    .filter(({ activatedAt, signsFrom }) => activatedAt !== undefined && signsFrom !== null)
    .at(-1)
}
