import { createHash, createHmac } from 'node:crypto'

/** What both sides put into a fair round: the house's seed (32 bytes), the player's words, and how many rounds these two made before. */
export type Seeds = { serverSeed: Buffer; clientSeed: string; nonce: bigint }

const wordBytes = 4
const words = 2 ** 32

/**
 * Draws that anybody can make again who knows the seeds. Block i is HMAC-SHA-256 under the server seed over
 * `<client seed>:<nonce>:<i>`, i from 0; its bytes are read four at a time, the most significant first. A word from the largest multiple of the
 * range on is passed over, the others are taken modulo the range, so that every value is equally likely [GLI-3.2.3a]. `core/games/fairness/algorithm.md`
 * is the same for whoever checks us.
 */
export function fairStream({ serverSeed, clientSeed, nonce }: Seeds): { draw(range: number): number } {
  let block = Buffer.alloc(0)
  let blocks = 0
  let at = 0

  function word(): number {
    if (at === block.length) {
      block = createHmac('sha256', serverSeed).update(`${clientSeed}:${nonce}:${blocks++}`).digest()
      at = 0
    }
    at += wordBytes
    return block.readUInt32BE(at - wordBytes)
  }

  return {
    draw(range) {
      if (!Number.isInteger(range) || range < 1 || range > words) throw new RangeError(`a draw out of ${range}`)
      const end = words - (words % range)
      for (;;) {
        const drawn = word()
        if (drawn < end) return drawn % range
      }
    },
  }
}

/** What the house shows of its seed before the first round: its SHA-256. */
export function commitmentOf(serverSeed: Buffer): string {
  return createHash('sha256').update(serverSeed).digest('hex')
}
