// The generator of outcomes
export { createGenerator, type Entropy, type Generator } from './generator.ts'
export { createHealth } from './health.ts'
export { hmacDrbg } from './hmac-drbg.ts'
// Draws with a purpose, written down and read again
export { type Draw, type Draws, record, replay, shuffle } from './record.ts'
