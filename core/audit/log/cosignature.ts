import type { Reader, Tx } from '#base'
import type { Checkpoint } from './checkpoint.ts'
import { type KeptCheckpoint, keptCheckpoint } from './log.ts'
import { type NoteKey, readNote, readSignatureLine, signersOf } from './note.ts'

const rowsMax = 32

/** The line of a witness among those it answered, if it signed this checkpoint; lines of unknown keys are ignored. */
export function cosignatureIn(answer: string, note: string, witness: NoteKey): { line: string; at: Date } | undefined {
  const { text } = readNote(note)
  for (const line of answer.split('\n').filter((each) => each !== '')) {
    const signature = readSignatureLine(line)
    if (signature.name !== witness.name || signature.id !== witness.id) continue
    signersOf({ text, signatures: [signature] }, [witness])
    return { line, at: new Date(Number(signature.signature.readBigUInt64BE(0)) * 1000) }
  }
  return undefined
}

export async function keepCosignature(
  tx: Tx | Reader,
  { size }: Pick<Checkpoint, 'size'>,
  witness: Pick<NoteKey, 'name'>,
  { line, at }: { line: string; at: Date },
): Promise<void> {
  await tx`
    insert into audit.cosignatures (size, witness, at, line) values (${size}, ${witness.name}, ${at}, ${line})
    on conflict (size, witness) do nothing`
}

/**
 * The largest tree that a witness signed, 0 when none: by its signature over the checkpoint that is kept, not by what a row says.
 * Looks at the newest rows only; who asks from too small a size is told the right one by the witness.
 */
export async function witnessedSize(reader: Reader, witness: NoteKey): Promise<number> {
  return (await newestCosigned(reader, [witness], 0))?.size ?? 0
}

/** The newest checkpoint that covers a leaf and that one of the witnesses signed; else the newest there is. */
export async function checkpointOver(
  reader: Reader,
  index: number,
  witnesses: readonly NoteKey[],
): Promise<KeptCheckpoint | undefined> {
  const found = (await newestCosigned(reader, witnesses, index)) ?? (await keptCheckpoint(reader))
  return found && found.size > index ? found : undefined
}

/**
 * The checkpoint's note with the cosignatures it got from witnesses whose keys are known: what is handed to others. Each is verified
 * first; a row that holds anything else stays out, since one bad line spoils the note for whoever knows the witness.
 */
export async function publishedNote(
  reader: Reader,
  { size, note }: { size: number; note: string },
  witnesses: readonly NoteKey[],
): Promise<string> {
  if (witnesses.length === 0) return note
  const rows = await reader<Array<{ line: string; witness: string }>>`
    select line, witness from audit.cosignatures where size = ${size} order by witness`
  return note + rows.flatMap((row) => (isCosigned({ ...row, note }, witnesses) ? `${row.line}\n` : [])).join('')
}

async function newestCosigned(
  reader: Reader,
  witnesses: readonly NoteKey[],
  above: number,
): Promise<KeptCheckpoint | undefined> {
  if (witnesses.length === 0) return undefined
  const rows = await reader<Array<{ size: bigint; note: string; line: string; witness: string }>>`
    select c.size, k.note, c.line, c.witness from audit.cosignatures c join audit.checkpoints k on k.size = c.size
    where c.witness = any (${witnesses.map(({ name }) => name)}) and c.size > ${above} order by c.size desc limit ${rowsMax}`
  const found = rows.find((row) => isCosigned(row, witnesses))
  return found && (await keptCheckpoint(reader, Number(found.size)))
}

function isCosigned(row: { line: string; note: string; witness: string }, witnesses: readonly NoteKey[]): boolean {
  try {
    return witnesses.some((key) => key.name === row.witness && cosignatureIn(row.line, row.note, key) !== undefined)
  } catch {
    return false
  }
}
