import type { Reader, Tx } from '#base'
import type { Checkpoint } from './checkpoint.ts'
import { type NoteKey, readNote, readSignatureLine, signersOf } from './note.ts'
import { consistencyPath } from './proof.ts'
import { hashBytes } from './tree.ts'

/** What a log asks of a witness (C2SP tlog-witness, `add-checkpoint`): from which size on, the proof, the checkpoint. */
export type WitnessRequest = { oldSize: number; path: Buffer[]; note: string }

const pathMax = 63
const rowsMax = 32

/** The body that asks a witness who knows the log at a size to sign a checkpoint. */
export async function witnessRequest(
  reader: Reader,
  oldSize: number,
  { size, note }: { size: number; note: string },
): Promise<string> {
  const path = await consistencyPath(reader, oldSize, size)
  return `old ${oldSize}\n${path.map((hash) => `${hash.toString('base64')}\n`).join('')}\n${note}`
}

/** @throws Error when the body is none */
export function readWitnessRequest(body: string): WitnessRequest {
  const end = body.indexOf('\n\n')
  const [old = '', ...lines] = body.slice(0, end).split('\n')
  const oldSize = /^old (0|[1-9]\d{0,15})$/.exec(old)?.[1]
  const path = lines.map((line) => Buffer.from(line, 'base64'))
  const sound = lines.every((line, n) => path[n]!.length === hashBytes && path[n]!.toString('base64') === line)
  if (end === -1 || oldSize === undefined || !sound || path.length > pathMax) throw new Error('this is no such request')
  return { oldSize: Number(oldSize), path, note: body.slice(end + 2) }
}

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

/**
 * The largest tree that a witness signed, 0 when none: by its signature over the checkpoint that is kept, not by what a row says.
 * Looks at the newest rows only; who asks from too small a size is told the right one by the witness.
 */
export async function witnessedSize(reader: Reader, witness: NoteKey): Promise<number> {
  const rows = await reader<Array<{ size: bigint; note: string; line: string }>>`
    select c.size, k.note, c.line from audit.cosignatures c join audit.checkpoints k on k.size = c.size
    where c.witness = ${witness.name} order by c.size desc limit ${rowsMax}`
  return Number(rows.find(({ line, note }) => isCosigned(line, note, witness))?.size ?? 0)
}

function isCosigned(line: string, note: string, witness: NoteKey): boolean {
  try {
    return cosignatureIn(line, note, witness) !== undefined
  } catch {
    return false
  }
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
