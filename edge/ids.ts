import { randomBytes } from 'node:crypto'

const idChars = 32 // 16 bytes
const drawnAtOnce = 256

let drawn = ''
let at = 0

/** For one request, and never again: 128 bits at random, drawn for many at once. */
export function newRequestId(): string {
  if (at === drawn.length) {
    drawn = randomBytes((drawnAtOnce * idChars) / 2).toString('hex')
    at = 0
  }
  at += idChars
  return `req_${drawn.slice(at - idChars, at)}`
}
