import type { Reader } from '#base'
import { consistencyPath } from './proof.ts'
import { hashBytes } from './tree.ts'

/** What a log asks of a witness (C2SP tlog-witness, `add-checkpoint`): from which size on, the proof, the checkpoint. */
export type WitnessRequest = { oldSize: number; path: Buffer[]; note: string }

const pathMax = 63

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
