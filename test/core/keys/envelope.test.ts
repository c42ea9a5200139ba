import { createCipheriv, createSecretKey, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Dek, openUnder, type Place, sealUnder, TamperedEnvelope } from '#keys'

/** Envelopes under a data key in hand: no token, no database. */
const dekOf = (version: number): Dek => ({ version, key: createSecretKey(randomBytes(32)) })
const dek = dekOf(7)
const place: Place = {
  player: 'plr_ada',
  purpose: 'contact',
  table: 'players.players',
  column: 'email',
  row: 'plr_ada',
}
const refusalOf = (work: () => unknown) => {
  try {
    work()
  } catch (error) {
    return { type: (error as Error).constructor, message: (error as Error).message }
  }
  return undefined
}
const alike = { type: TamperedEnvelope, message: new TamperedEnvelope('players.players.email').message }

describe.each([
  { committing: false, extra: 0 },
  { committing: true, extra: 64 },
])('an envelope, committing: $committing', ({ committing, extra }) => {
  const sealed = (plaintext: string | Buffer, where: Place = place, key: Dek = dek) =>
    sealUnder(key, { ...where, plaintext, committing })

  test('opens at its place as what was sealed, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const envelope = sealed(Buffer.from(bytes))
        expect(envelope).toHaveLength(18 + extra + bytes.length + 16)
        expect(openUnder(dek, { ...place, envelope })).toEqual(Buffer.from(bytes))
      }),
      { numRuns: 50 },
    )
    expect(openUnder(dek, { ...place, envelope: sealed('Ünïcode ✓') }).toString()).toBe('Ünïcode ✓')
  })

  test('with any bit of any byte flipped, or cut or made longer anywhere, it fails, and always alike [S33] [S35]', () => {
    const envelope = sealed('ada@example.com')
    const open = (bytes: Buffer) => refusalOf(() => openUnder(dek, { ...place, envelope: bytes }))
    for (let i = 0; i < envelope.length; i++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = Buffer.from(envelope)
        changed[i]! ^= 1 << bit
        expect(open(changed), `byte ${i}, bit ${bit}`).toEqual(alike)
      }
      expect(open(envelope.subarray(0, i)), `cut to ${i}`).toEqual(alike)
    }
    expect(open(Buffer.concat([envelope, Buffer.of(0)]))).toEqual(alike)
  })

  test('at any other place, or under any other key or version, it fails alike [S35]', () => {
    const envelope = sealed('ada@example.com')
    const elsewhere: Partial<Place>[] = [
      { player: 'plr_bob' },
      { purpose: 'kyc' },
      { row: 'plr_bob' },
      { row: '' },
      // What is one text only when nothing stands between: lengths tell them apart.
      { table: 'players.playersemail', column: '' },
      { table: 'players.player', column: 'semail' },
      { column: 'emailplr_ada', row: '' },
    ]
    for (const moved of elsewhere)
      expect(refusalOf(() => openUnder(dek, { ...place, ...moved, envelope }))?.type, JSON.stringify(moved)).toBe(
        TamperedEnvelope,
      )
    expect(refusalOf(() => openUnder(dekOf(7), { ...place, envelope }))).toEqual(alike)
    expect(refusalOf(() => openUnder({ ...dek, version: 6 }, { ...place, envelope }))).toEqual(alike)
    const relabelled = Buffer.from(envelope)
    relabelled.writeUInt32BE(6, 2)
    expect(refusalOf(() => openUnder({ ...dek, version: 6 }, { ...place, envelope: relabelled }))).toEqual(alike)
  })

  test('a nonce never comes twice, nor a salt [S35]', () => {
    const heads = Array.from({ length: 2000 }, () =>
      sealed('x')
        .subarray(6, 18 + extra)
        .toString('hex'),
    )
    expect(new Set(heads.map((head) => head.slice(0, 24))).size).toBe(2000)
    if (committing) expect(new Set(heads.map((head) => head.slice(24, 88))).size).toBe(2000)
  })
})

test('what the first version sealed opens: its bytes are made here by hand', () => {
  const fields = ['countroom-envelope-1', 'players.players', 'email', 'plr_ada', 'plr_ada', 'contact', '7']
  const aad = Buffer.concat(
    fields.flatMap((field) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(Buffer.byteLength(field))
      return [length, Buffer.from(field)]
    }),
  )
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', dek.key.export(), nonce).setAAD(aad)
  const body = Buffer.concat([cipher.update('ada@example.com'), cipher.final()])
  const envelope = Buffer.concat([Buffer.of(1, 1, 0, 0, 0, 7), nonce, body, cipher.getAuthTag()])
  expect(openUnder(dek, { ...place, envelope }).toString()).toBe('ada@example.com')
})

test('a committing envelope opens under one key: with its commitment taken over by another it fails', () => {
  const [mine, other] = [dek, { ...dekOf(7) }]
  const a = sealUnder(mine, { ...place, plaintext: 'x', committing: true })
  const b = sealUnder(other, { ...place, plaintext: 'x', committing: true })
  const mixed = Buffer.concat([a.subarray(0, 18), b.subarray(18, 82), a.subarray(82)])
  for (const key of [mine, other]) expect(refusalOf(() => openUnder(key, { ...place, envelope: mixed }))).toEqual(alike)
})

test('no committing envelope passes as a plain one, nor the other way round', () => {
  for (const committing of [true, false]) {
    const envelope = sealUnder(dek, { ...place, plaintext: 'x'.repeat(100), committing })
    envelope[1] = committing ? 1 : 2
    expect(refusalOf(() => openUnder(dek, { ...place, envelope }))).toEqual(alike)
  }
})
