import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as audit from '#audit'
import { openWitness } from '../../ops/witness/witness.ts'

const origin = 'countroom/test'
const pair = generateKeyPairSync('ed25519')
const key = audit.noteKey(origin, pair.publicKey)
const leaves = audit.leafHashes(Array.from({ length: 400 }, (_, n) => `entry ${n}`))
let dir: string
let folder: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cr-memory-'))
  folder = join(dir, createHash('sha256').update(origin).digest('hex'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('it finds the root of every size it signed, and keeps each contradiction as evidence', () => {
  const witness = open()
  const sizes = [1, 2, 3, 9, 10, 11, 98, 99, 100, 101, 255, 256, 257, 399]
  for (const [n, size] of sizes.entries()) expect(add(witness, sizes[n - 1] ?? 0, size).status, `${size}`).toBe(200)
  for (const size of sizes) add(witness, 399, size)
  expect(evidence()).toEqual([])
  for (const [n, size] of sizes.entries()) {
    expect(add(witness, 1, size, Buffer.alloc(32, 7)).status).toBe(409)
    expect(evidence(), `a second root at ${size}`).toHaveLength(n + 1)
  }
  add(witness, 1, 254, Buffer.alloc(32, 7)) // a size that it never signed
  expect(evidence()).toHaveLength(sizes.length)
})

test('a history larger than any string is no hindrance', () => {
  const witness = open()
  add(witness, 0, 5)
  const history = join(folder, 'history')
  const line = readFileSync(history, 'utf8')
  writeFileSync(history, '')
  truncateSync(history, 600 * 2 ** 20) // a hole: no disk, and more than a string may hold
  appendFileSync(history, `\n${line}`)
  const began = performance.now()
  expect(add(witness, 5, 6).status).toBe(200)
  expect(performance.now() - began, 'ms').toBeLessThan(1000)
  expect(statSync(history).size).toBeGreaterThan(600 * 2 ** 20)
})

test('what a crash left at the end of the history goes, and it goes on', () => {
  const witness = open()
  add(witness, 0, 5)
  add(witness, 5, 7)
  const history = join(folder, 'history')
  const whole = readFileSync(history, 'utf8')
  for (const left of [
    '8 AAAA',
    `9 ${Buffer.alloc(32).toString('base64')}\n`,
    `9 ${Buffer.alloc(32).toString('base64')}\n10`,
  ]) {
    writeFileSync(history, whole + left)
    expect(add(witness, 7, 7).status).toBe(200)
    expect(readFileSync(history, 'utf8')).toBe(whole)
  }
  expect(add(witness, 7, 8).status).toBe(200)
  expect(readFileSync(history, 'utf8')).toBe(`${whole}8 ${rootAt(8).toString('base64')}\n`)
})

function open() {
  return openWitness({ dir, name: 'witness.example/one', logs: [key] })
}

function add(witness: ReturnType<typeof open>, oldSize: number, size: number, root = rootAt(size)) {
  const text = audit.checkpointText({ origin, size, root })
  const note = `${text}\n${audit.signatureLine(key, sign(null, Buffer.from(text), pair.privateKey))}\n`
  const ranges = oldSize > 0 && oldSize < size ? audit.consistencyRanges(oldSize, size) : []
  const path = ranges.map(
    ({ from, to }) => `${audit.rootOfHashes(leaves.subarray(from * 32, to * 32)).toString('base64')}\n`,
  )
  return witness.add(`old ${oldSize}\n${path.join('')}\n${note}`)
}

function rootAt(size: number): Buffer {
  return audit.rootOfHashes(leaves.subarray(0, size * 32))
}

function evidence(): string[] {
  try {
    return readdirSync(join(folder, 'evidence')).filter((name) => name.endsWith('.note'))
  } catch {
    return []
  }
}
