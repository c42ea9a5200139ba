import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'
import type { Credential, Keys } from '#keys'

/**
 * Certificates for who comes to a test's key agent, made by the keys in its token as the authority makes them, and lists of who was taken back; by a
 * hand of its own and without a database, so that a test of a room need not wait for `pki`.
 */
export type TestClients = {
  /** A certificate of a role; `as` says what is otherwise than usual, or wrong with it. */
  credential(role: string, as?: Odd): Promise<Credential & { serial: string }>
  /** Writes the lists anew, with these serials on that of the issuing authority. */
  list(serials: readonly string[], as?: { from?: Date; until?: Date; by?: KeyObject }): Promise<void>
}
export type Odd = {
  component?: string
  from?: Date
  until?: Date
  /** Of a server, and no client. */
  server?: boolean
  /** By keys that are not in the token. */
  forged?: { root: KeyObject; issuing: KeyObject; spki: Buffer }
}

type Signer = (data: Buffer) => Promise<Buffer>

const hourMs = 3_600_000
const before = () => new Date(Date.now() - hourMs)
const after = () => new Date(Date.now() + 24 * hourMs)

export function openTestClients(ops: Keys, listFile: string): TestClients {
  let listed: Promise<void> | undefined
  const inToken =
    (family: string): Signer =>
    async (data) =>
      derSignature(await ops.sign(family, createHash('sha256').update(data).digest()))
  const rootName = name('a root')
  const issuingName = name('an issuing authority')

  const clients: TestClients = {
    async credential(role, { component = `${role}-1`, from = before(), until = after(), server, forged } = {}) {
      listed ??= clients.list([])
      await listed
      const byRoot = forged ? withKey(forged.root) : inToken('sk-ca-root')
      const byIssuing = forged ? withKey(forged.issuing) : inToken('sk-ca-issuing')
      const issuingSpki = forged?.spki ?? spkiOf(await ops.publicKey('sk-ca-issuing'))
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const serial = randomBytes(16)
      serial[0] = 0x40
      const common = { from, until }
      const own = await certificate(byIssuing, {
        ...common,
        serial,
        issuer: issuingName,
        subject: name(`${component}.countroom.internal`),
        spki: spkiOf(publicKey),
        extensions: [
          extension('551d13', seq()),
          extension('551d0f', Buffer.from([3, 2, 7, 0x80])),
          extension('551d25', seq(oid(server ? '2b06010505070301' : '2b06010505070302'))),
          extension('551d11', seq(der(0x86, Buffer.from(`urn:countroom:role:${role}`)))),
        ],
      })
      const issuing = await certificate(byRoot, {
        ...{ from: before(), until: after() },
        serial: Buffer.from([0x41]),
        issuer: rootName,
        subject: issuingName,
        spki: issuingSpki,
        extensions: [
          extension('551d13', seq(Buffer.from([1, 1, 0xff]))),
          extension('551d0f', Buffer.from([3, 2, 1, 0x06])),
        ],
      })
      const key = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
      return { chain: pem('CERTIFICATE', own) + pem('CERTIFICATE', issuing), key, serial: serial.toString('hex') }
    },
    async list(serials, { from = before(), until = after(), by } = {}) {
      const rows = serials.map((serial) => seq(integer(Buffer.from(serial, 'hex')), time(from)))
      const listOf = async (signer: Signer, issuer: Buffer, named: Buffer[]) => {
        const said = seq(
          integer(Buffer.of(1)),
          algorithm,
          issuer,
          time(from),
          time(until),
          ...(named[0] ? [seq(...named)] : []),
        )
        return pem('X509 CRL', seq(said, algorithm, bits(await signer(said))))
      }
      const text =
        (await listOf(inToken('sk-ca-root'), rootName, [])) +
        (await listOf(by ? withKey(by) : inToken('sk-ca-issuing'), issuingName, rows))
      writeFileSync(`${listFile}.new`, text)
      renameSync(`${listFile}.new`, listFile)
    },
  }
  return clients
}

type Wanted = {
  serial: Buffer
  issuer: Buffer
  subject: Buffer
  from: Date
  until: Date
  spki: Buffer
  extensions: Buffer[]
}

async function certificate(signer: Signer, wanted: Wanted): Promise<Buffer> {
  const { serial, issuer, subject, from, until, spki, extensions } = wanted
  const version = der(0xa0, integer(Buffer.of(2)))
  const period = seq(time(from), time(until))
  const said = seq(version, integer(serial), algorithm, issuer, period, subject, spki, der(0xa3, seq(...extensions)))
  return seq(said, algorithm, bits(await signer(said)))
}

function withKey(key: KeyObject): Signer {
  return async (data) => sign('sha256', data, key)
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' })
}

/** DER (X.690), as little of it as certificates and lists want. */
function der(type: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const { length } = body
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([type, ...head]), body])
}

const seq = (...parts: Buffer[]) => der(0x30, ...parts)
const oid = (hex: string) => der(6, Buffer.from(hex, 'hex'))
const bits = (bytes: Buffer) => der(3, Buffer.of(0), bytes)
const algorithm = seq(oid('2a8648ce3d040302')) // ecdsa-with-SHA256
const name = (common: string) => seq(der(0x31, seq(oid('550403'), der(0x0c, Buffer.from(common)))))
const extension = (id: string, value: Buffer) => seq(oid(id), Buffer.from([1, 1, 0xff]), der(4, value))
const time = (at: Date) => der(0x17, Buffer.from(`${at.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`))

function integer(magnitude: Buffer): Buffer {
  return der(2, ...(magnitude[0]! >= 0x80 ? [Buffer.of(0)] : []), magnitude)
}

/** r and s, which the token gives side by side. */
function derSignature(raw: Buffer): Buffer {
  const short = (part: Buffer) =>
    part.subarray(
      Math.max(
        0,
        part.findIndex((byte) => byte !== 0),
      ),
    )
  return seq(integer(short(raw.subarray(0, 32))), integer(short(raw.subarray(32))))
}

function pem(label: string, bytes: Buffer): string {
  return `-----BEGIN ${label}-----\n${(bytes.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`
}
