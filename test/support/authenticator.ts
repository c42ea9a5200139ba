import { createHash, createHmac, createSign, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

export type Algorithm = -7 | -8 | -257

/** What can be changed of an answer, to see that it is noticed. */
export type Bent = {
  origin?: string
  rpId?: string
  type?: string
  challenge?: string
  crossOrigin?: boolean
  flags?: number
  counter?: number
  userHandle?: string
  fmt?: string
  id?: string
}

type Creation = { challenge: string; rp: { id?: string | undefined }; user: { id: string } }
type Request = { challenge: string; rpId?: string | undefined }

const up = 0x01
const uv = 0x04
const attested = 0x40

/** An authenticator in software: one passkey, made and used as WebAuthn L3 has it, with nothing of the server's code. */
export class SoftAuthenticator {
  readonly origin: string
  readonly algorithm: Algorithm
  readonly id = randomBytes(32)
  /** Zero for ever, as with passkeys that are synced; or counted. */
  counter: number
  userHandle = ''
  private readonly keys: { publicKey: KeyObject; privateKey: KeyObject }

  constructor(origin: string, { algorithm = -7 as Algorithm, counter = 1 } = {}) {
    this.origin = origin
    this.algorithm = algorithm
    this.counter = counter
    this.keys =
      algorithm === -7
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : algorithm === -8
          ? generateKeyPairSync('ed25519')
          : generateKeyPairSync('rsa', { modulusLength: 2048 })
  }

  create(options: Creation, bent: Bent = {}) {
    this.userHandle = options.user.id
    const id = bent.id ? Buffer.from(bent.id, 'base64url') : this.id
    const length = Buffer.alloc(2)
    length.writeUInt16BE(id.length)
    const authData = Buffer.concat([
      this.head(options.rp.id ?? '', bent.flags ?? up | uv | attested, bent),
      ...[Buffer.alloc(16), length, id, this.cose()],
    ])
    const attestation = cbor(
      new Map<string, unknown>([
        ['fmt', bent.fmt ?? 'none'],
        ['attStmt', new Map()],
        ['authData', authData],
      ]),
    )
    return this.message(id, {
      clientDataJSON: this.clientData('webauthn.create', options.challenge, bent),
      attestationObject: attestation.toString('base64url'),
      transports: ['internal', 'hybrid'],
    })
  }

  get(options: Request, bent: Bent = {}) {
    if (this.counter > 0) this.counter++
    const authData = this.head(options.rpId ?? '', bent.flags ?? up | uv, bent)
    const clientDataJSON = this.clientData('webauthn.get', options.challenge, bent)
    const hash = createHash('sha256').update(Buffer.from(clientDataJSON, 'base64url')).digest()
    return this.message(bent.id ? Buffer.from(bent.id, 'base64url') : this.id, {
      clientDataJSON,
      authenticatorData: authData.toString('base64url'),
      signature: this.sign(Buffer.concat([authData, hash])).toString('base64url'),
      userHandle: bent.userHandle ?? this.userHandle,
    })
  }

  private message<R>(id: Buffer, response: R) {
    const name = id.toString('base64url')
    return { id: name, rawId: name, type: 'public-key', response, clientExtensionResults: {} }
  }

  private clientData(type: string, challenge: string, bent: Bent): string {
    const { origin = this.origin, crossOrigin = false } = bent
    const said = { type: bent.type ?? type, challenge: bent.challenge ?? challenge, origin, crossOrigin }
    return Buffer.from(JSON.stringify(said)).toString('base64url')
  }

  private head(rpId: string, flags: number, bent: Bent): Buffer {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(bent.counter ?? this.counter)
    const hash = createHash('sha256')
      .update(bent.rpId ?? rpId)
      .digest()
    return Buffer.concat([hash, Buffer.from([flags]), counter])
  }

  private sign(data: Buffer): Buffer {
    if (this.algorithm === -8) return sign(null, data, this.keys.privateKey)
    return createSign('sha256').update(data).sign(this.keys.privateKey)
  }

  private cose(): Buffer {
    const { x = '', y = '', n = '', e = '' } = this.keys.publicKey.export({ format: 'jwk' })
    const bytes = (text: string) => Buffer.from(text, 'base64url')
    const head: Array<[number, unknown]> = [[3, this.algorithm]]
    if (this.algorithm === -7) return cbor(new Map([[1, 2], ...head, [-1, 1], [-2, bytes(x)], [-3, bytes(y)]] as never))
    if (this.algorithm === -8) return cbor(new Map([[1, 1], ...head, [-1, 6], [-2, bytes(x)]] as never))
    return cbor(new Map([[1, 3], ...head, [-1, bytes(n)], [-2, bytes(e)]] as never))
  }
}

/** What an authenticator app shows now for a seed in base 32, as any of them computes it (RFC 6238). */
export function codeNow(secret: string, now: number = Date.now()): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('')
  const seed = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)))
  const mac = createHmac('sha1', seed).update(step).digest()
  const code = (mac.readUInt32BE(mac.at(-1)! & 15) & 0x7fff_ffff) % 1_000_000
  return String(code).padStart(6, '0')
}

/** The same, not in the last two seconds of its life, for who sends it somewhere. */
export async function freshCode(secret: string): Promise<string> {
  const left = 30_000 - (Date.now() % 30_000)
  if (left < 2000) await new Promise((resolve) => setTimeout(resolve, left))
  return codeNow(secret)
}

/** RFC 8949, as much of it as attestations need. */
function cbor(value: unknown): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value])
  if (value instanceof Map)
    return Buffer.concat([head(5, value.size), ...[...value].flatMap(([name, part]) => [cbor(name), cbor(part)])])
  throw new Error('not needed')
}

function head(major: number, argument: number): Buffer {
  if (argument < 24) return Buffer.from([(major << 5) | argument])
  if (argument < 256) return Buffer.from([(major << 5) | 24, argument])
  return Buffer.from([(major << 5) | 25, argument >> 8, argument & 255])
}
