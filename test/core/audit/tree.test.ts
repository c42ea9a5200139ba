import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as audit from '#audit'

// The tree as RFC 6962 defines it, section 2.1, word for word and as slow as that.
const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest()
const split = (n: number) => 2 ** (Math.ceil(Math.log2(n)) - 1)
const mth = (d: Buffer[]): Buffer => {
  if (d.length === 0) return sha256()
  if (d.length === 1) return sha256(Buffer.from([0]), d[0]!)
  const k = split(d.length)
  return sha256(Buffer.from([1]), mth(d.slice(0, k)), mth(d.slice(k)))
}
const path = (m: number, d: Buffer[]): Buffer[] => {
  if (d.length === 1) return []
  const k = split(d.length)
  return m < k ? [...path(m, d.slice(0, k)), mth(d.slice(k))] : [...path(m - k, d.slice(k)), mth(d.slice(0, k))]
}
const subproof = (m: number, d: Buffer[], whole: boolean): Buffer[] => {
  if (m === d.length) return whole ? [] : [mth(d)]
  const k = split(d.length)
  return m <= k
    ? [...subproof(m, d.slice(0, k), whole), mth(d.slice(k))]
    : [...subproof(m - k, d.slice(k), false), mth(d.slice(0, k))]
}

const sizeMax = 130
const entries = Array.from({ length: sizeMax }, (_, n) => Buffer.from(`entry ${n}`))
const roots = Array.from({ length: sizeMax + 1 }, (_, size) => mth(entries.slice(0, size)))
const leaves = entries.map(audit.leafHash)
/** The hash of a complete subtree, from the leaves. */
const hashOf = ({ height, index }: audit.Subtree) =>
  audit.rootOfHashes(Buffer.concat(leaves.slice(index * 2 ** height, (index + 1) * 2 ** height)))

test('roots are those of the test vectors of RFC 6962 logs', () => {
  const vectors = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
  const known = [
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ]
  const hashes = vectors.map((hex) => audit.leafHash(Buffer.from(hex, 'hex')))
  for (const [size, root] of known.entries())
    expect(audit.rootOfHashes(Buffer.concat(hashes.slice(0, size))).toString('hex')).toBe(root)
})

test(`inclusion proofs of every leaf of every tree up to ${sizeMax} are those of the definition, and hold`, () => {
  for (let size = 1; size <= sizeMax; size++)
    for (let index = 0; index < size; index++) {
      const found = audit.inclusionRanges(index, size).map((range) => audit.rootOf(range, hashOf))
      if (size < 40 || index % 7 === 0) expect(found).toEqual(path(index, entries.slice(0, size)))
      expect(audit.isIncluded({ index, size, leaf: leaves[index]!, path: found, root: roots[size]! })).toBe(true)
    }
})

test(`consistency proofs between all trees up to ${sizeMax} are those of the definition, and hold`, () => {
  for (let size = 1; size <= sizeMax; size++)
    for (let oldSize = 0; oldSize <= size; oldSize++) {
      const found = audit.consistencyRanges(oldSize, size).map((range) => audit.rootOf(range, hashOf))
      if (oldSize > 0 && (size < 40 || oldSize % 7 === 0))
        expect(found).toEqual(subproof(oldSize, entries.slice(0, size), true))
      const proof = { oldSize, size, oldRoot: roots[oldSize]!, root: roots[size]!, path: found }
      expect(audit.isConsistent(proof), `${oldSize} ${size}`).toBe(true)
    }
})

test('a proof that was altered, cut, lengthened or is of another place is refused [S51]', () => {
  const spoil = fc.constantFrom('flip', 'cut', 'cutFirst', 'longer', 'swap', 'index', 'size', 'root', 'leaf')
  const flipped = (bytes: Buffer, at: number) => {
    const copy = Buffer.from(bytes)
    copy[at % copy.length]! ^= 1 << (at % 8)
    return copy
  }
  fc.assert(
    fc.property(fc.integer({ min: 2, max: sizeMax }), fc.nat(), fc.nat(), spoil, (size, n, at, how) => {
      const index = n % size
      const good = audit.inclusionRanges(index, size).map((range) => audit.rootOf(range, hashOf))
      const spoilt = { index, size, leaf: leaves[index]!, path: [...good], root: roots[size]! }
      const place = at % good.length
      if (how === 'flip') spoilt.path[place] = flipped(good[place]!, at)
      if (how === 'cut') spoilt.path.pop()
      if (how === 'cutFirst') spoilt.path.shift()
      if (how === 'longer') spoilt.path.splice(place, 0, good[place]!)
      if (how === 'swap') spoilt.path[place] = good[place]!.subarray(1)
      if (how === 'index') spoilt.index = (index + 1) % size
      if (how === 'size') spoilt.size = size - 1
      if (how === 'root') spoilt.root = flipped(roots[size]!, at)
      if (how === 'leaf') spoilt.leaf = leaves[(index + 1) % size]!
      // A proof for another size may be the same hashes; then the root it leads to is not that size's, and a checkpoint says.
      if (how === 'size') spoilt.root = roots[size - 1]!
      expect(audit.isIncluded(spoilt)).toBe(false)
    }),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(fc.integer({ min: 2, max: sizeMax }), fc.nat(), fc.nat(), spoil, (size, n, at, how) => {
      const oldSize = 1 + (n % (size - 1))
      const good = audit.consistencyRanges(oldSize, size).map((range) => audit.rootOf(range, hashOf))
      const spoilt = { oldSize, size, oldRoot: roots[oldSize]!, root: roots[size]!, path: [...good] }
      const place = at % good.length
      if (how === 'flip') spoilt.path[place] = flipped(good[place]!, at)
      if (how === 'cut') spoilt.path.pop()
      if (how === 'cutFirst') spoilt.path.shift()
      if (how === 'longer') spoilt.path.push(good[place]!)
      if (how === 'swap') spoilt.path[place] = good[place]!.subarray(1)
      if (how === 'index' || how === 'leaf') spoilt.oldRoot = roots[oldSize - 1]!
      if (how === 'size') spoilt.oldSize = oldSize - 1
      if (how === 'root') spoilt.root = flipped(roots[size]!, at)
      expect(audit.isConsistent(spoilt)).toBe(false)
    }),
    { numRuns: 2000 },
  )
})

test('the note of the specification verifies, and no changed one', () => {
  const key = audit.readVkey('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k')
  const note =
    'This is an example message.\n\n' +
    '— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n'
  expect(audit.signersOf(audit.readNote(note), [key])).toEqual([key])
  expect(audit.vkeyOf(key)).toBe('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k')
  expect(() => audit.signersOf(audit.readNote(note.replace('example m', 'exemplar m')), [key])).toThrow(
    'does not verify',
  )
  expect(() => audit.signersOf(audit.readNote(note.replace('— example', '— examplf')), [key])).toThrow('no known key')
  for (const malformed of [
    note.slice(0, -1),
    note.replace('\n\n', '\n'),
    `${note}x\n`,
    note.replace('This', 'Th\ris'),
    note.replace('=\n', '\n'),
  ])
    expect(() => audit.readNote(malformed)).toThrow()
})

test('a key of either kind goes through a line of text and back; a cosignature binds time and text', () => {
  for (const pair of [generateKeyPairSync('ed25519'), generateKeyPairSync('ec', { namedCurve: 'P-256' })]) {
    const key = audit.noteKey('countroom/test', pair.publicKey)
    const read = audit.readVkey(audit.vkeyOf(key))
    expect(read).toMatchObject({ name: key.name, id: key.id, kind: key.kind })
    const text = 'countroom/test\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n'
    const signature = sign(key.kind === 1 ? null : 'sha256', Buffer.from(text), pair.privateKey)
    const note = audit.readNote(`${text}\n${audit.signatureLine(key, signature)}\n`)
    expect(audit.signersOf(note, [read])).toEqual([read])
    expect(audit.readCheckpointText(note.text)).toMatchObject({ origin: 'countroom/test', size: 0 })
  }
  const witness = generateKeyPairSync('ed25519')
  const key = audit.noteKey('witness.example/w', witness.publicKey, 4)
  const at = Buffer.alloc(8)
  at.writeBigUInt64BE(1_700_000_000n)
  const line = audit.signatureLine(
    key,
    Buffer.concat([at, sign(null, audit.cosigned('text\n', 1_700_000_000), witness.privateKey)]),
  )
  expect(audit.signersOf(audit.readNote(`text\n\n${line}\n`), [key])).toEqual([key])
  at.writeBigUInt64BE(1_700_000_001n)
  const later = audit.signatureLine(
    key,
    Buffer.concat([at, sign(null, audit.cosigned('text\n', 1_700_000_000), witness.privateKey)]),
  )
  expect(() => audit.signersOf(audit.readNote(`text\n\n${later}\n`), [key])).toThrow('does not verify')
})

test('where the token has no Ed25519, a checkpoint is signed with P-256 in the form that notes carry', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const raw = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const // 64 bytes, as tokens give it
  const signer = {
    signCheckpoint: async (text: string) => ({
      key: 'sk-audit-1',
      algorithm: 'ecdsa-p256-sha256' as const,
      signature: sign('sha256', Buffer.from(text), raw),
    }),
    publicKey: async () => publicKey,
    list: async () => [],
  }
  // Many, since a number of DER is longer or shorter by how its first byte falls.
  for (let size = 1; size <= 600; size++) {
    const { note, key } = await audit.signCheckpoint(signer, { origin: 'countroom/test', size, root: leaves[0]! })
    expect(key.kind).toBe(2)
    expect(audit.signersOf(audit.readNote(note), [audit.readVkey(audit.vkeyOf(key))])).toHaveLength(1)
  }
})
