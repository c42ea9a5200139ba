// The generator of outcomes
export { ctrDrbg } from './ctr-drbg.ts'
export { createGenerator, type Generator, type Stream } from './generator.ts'
export { createHealth } from './health.ts'
export { hmacDrbg } from './hmac-drbg.ts'
// Draws with a purpose, written down and read again
export { choose, type Draw, type Draws, record, replay, shuffle } from './record.ts'
