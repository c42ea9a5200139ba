/** The entry of a batch in canonical JSON, as it goes into its hash: what stands before its number, after it, and before its lane. */
const [beforeBatch, beforeDigest, beforeLane] = ['","batch":"', '","digest":"', '","kind":"batch","lane":']
const batchAt = '\0{"at":"2026-01-01T00:00:00.000Z'.length + beforeBatch.length
const digestToLane = beforeDigest.length + 64 + beforeLane.length
const comma = 44

/** Whether an entry is that of a batch (`lane/number`), read as canonical JSON has it: to be parsed it would take longer than to be hashed. */
export function isOfBatch(entry: Uint8Array, batch: string): boolean {
  const slash = batch.indexOf('/')
  const laneAt = batchAt + batch.length - slash - 1 + digestToLane
  return (
    holds(entry, batchAt - beforeBatch.length, beforeBatch) &&
    holds(entry, batchAt, batch, slash + 1, batch.length) &&
    holds(entry, laneAt - digestToLane, beforeDigest) &&
    holds(entry, laneAt - beforeLane.length, beforeLane) &&
    holds(entry, laneAt, batch, 0, slash) &&
    entry[laneAt + slash] === comma
  )
}

/** Whether bytes have this part of a text of ASCII at a place. Faster than to make a text of them. */
function holds(bytes: Uint8Array, at: number, text: string, from = 0, to = text.length): boolean {
  for (let n = from; n < to; n++) if (bytes[at + n - from] !== text.charCodeAt(n)) return false
  return true
}
