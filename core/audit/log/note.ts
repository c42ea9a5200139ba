import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto'

/**
 * C2SP signed-note: a text and lines that sign it. A key is told by its name and a short id; the kind of its signature stands
 * in the id. Kinds here: 1 Ed25519, 2 ECDSA P-256 over SHA-256 (ASN.1 DER), 4 a witness's cosignature (Ed25519).
 */
export type NoteKey = {
  name: string
  id: string
  kind: NoteKeyKind
  publicKey: KeyObject
  /** Of a log's key that succeeded another: the smallest size that it signs. */
  since?: number
}
export type NoteKeyKind = 1 | 2 | 4

/** A line under a note: who says to have signed it, and what stands behind the name, without the four bytes of the id. */
type NoteSignature = { name: string; id: string; signature: Buffer }
export type Note = { text: string; signatures: NoteSignature[] }

const signaturesMax = 100
const ed25519Prefix = Buffer.from('302a300506032b6570032100', 'hex') // the SPKI frame around the 32 bytes (RFC 8410)

/** The key that signs under a name: Ed25519 as kind 1 (a witness's as kind 4), P-256 as kind 2. */
export function noteKey(name: string, publicKey: KeyObject, kind: NoteKeyKind = kindOf(publicKey)): NoteKey {
  if (!isKeyName(name)) throw new Error(`"${name}" cannot be the name of a key: no spaces, no plus`)
  return { name, id: idOf(name, kind, publicKey), kind, publicKey }
}

/** The key as one line of text, to be handed to whoever verifies: `name+id+base64(kind, key)`. */
export function vkeyOf({ name, id, kind, publicKey }: NoteKey): string {
  return `${name}+${id}+${Buffer.concat([Buffer.from([kind]), materialOf(kind, publicKey)]).toString('base64')}`
}

/** The same with the size that it signs from, if it succeeded another key: as a log's keys are handed over, oldest first. */
export function vkeyLineOf(key: NoteKey): string {
  return key.since === undefined ? vkeyOf(key) : `${vkeyOf(key)} since ${key.since}`
}

/** @throws Error when it is no key of a kind known here, or its id is not its own */
export function readVkey(vkey: string): NoteKey {
  const [, name = '', id, material = '', since] =
    /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)(?: since ([1-9]\d{0,14}))?$/.exec(vkey.trim()) ?? []
  const bytes = Buffer.from(material, 'base64')
  const kind = bytes[0]
  if (kind !== 1 && kind !== 2 && kind !== 4) throw new Error('this is no verifier key of a kind known here')
  const der = kind === 2 ? bytes.subarray(1) : Buffer.concat([ed25519Prefix, bytes.subarray(1)])
  const key = noteKey(name, createPublicKey({ key: der, format: 'der', type: 'spki' }), kind)
  if (key.id !== id) throw new Error('the id in this verifier key is not that of its key')
  return since === undefined ? key : { ...key, since: Number(since) }
}

/** @throws Error when the text is no signed note */
export function readNote(note: string): Note {
  const end = note.lastIndexOf('\n\n')
  if (end === -1 || !note.endsWith('\n') || hasControls(note) || !note.isWellFormed())
    throw new Error('this is no signed note')
  const lines = note.slice(end + 2, -1).split('\n')
  if (lines.length > signaturesMax) throw new Error('this note has too many signatures')
  return { text: note.slice(0, end + 1), signatures: lines.map(readSignatureLine) }
}

/** @throws Error when the line is none */
export function readSignatureLine(line: string): NoteSignature {
  const [, name = '', coded = ''] = /^— ([^+\s]+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? []
  const bytes = Buffer.from(coded, 'base64')
  if (!isKeyName(name) || bytes.length < 5 || bytes.toString('base64') !== coded)
    throw new Error('this is no signature line')
  return { name, id: bytes.toString('hex', 0, 4), signature: bytes.subarray(4) }
}

/** One line under a note, without its end. */
export function signatureLine({ name, id }: Pick<NoteKey, 'name' | 'id'>, signature: Uint8Array): string {
  return `— ${name} ${Buffer.concat([Buffer.from(id, 'hex'), signature]).toString('base64')}`
}

/**
 * Which of the keys signed the note. Lines of unknown keys are ignored; a line of a known key that does not verify spoils
 * the note, and so does a note that none of them signed.
 *
 * @throws Error
 */
export function signersOf(note: Note, keys: readonly NoteKey[]): NoteKey[] {
  const signers = note.signatures.flatMap((line) => {
    const key = keys.find(({ name, id }) => name === line.name && id === line.id)
    if (!key) return []
    if (!isSigned(key, note.text, line.signature)) throw new Error(`the signature of ${key.name} does not verify`)
    return [key]
  })
  if (signers.length === 0) throw new Error('no known key signed this note')
  return signers
}

/** Whether the key signed the text; of a witness's line the first eight bytes are when it did. */
function isSigned(key: NoteKey, text: string, signature: Buffer): boolean {
  if (key.kind === 1) return verify(null, Buffer.from(text), key.publicKey, signature)
  if (key.kind === 2) return verify('sha256', Buffer.from(text), key.publicKey, signature)
  if (signature.length !== 72) return false
  return verify(null, cosigned(text, signature.readBigUInt64BE(0)), key.publicKey, signature.subarray(8))
}

/** What a witness signs: that it saw this text at this second (C2SP tlog-cosignature, v1). */
export function cosigned(text: string, second: bigint | number): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${second}\n${text}`)
}

/** A P-256 signature as two numbers of 32 bytes, as tokens give it, in the DER form that notes carry. */
export function derOf(signature: Uint8Array): Buffer {
  const integers = [signature.subarray(0, 32), signature.subarray(32, 64)].map((number) => {
    let bytes = Buffer.from(number)
    while (bytes.length > 1 && bytes[0] === 0 && bytes[1]! < 0x80) bytes = bytes.subarray(1)
    if (bytes[0]! >= 0x80) bytes = Buffer.concat([Buffer.from([0]), bytes])
    return Buffer.concat([Buffer.from([2, bytes.length]), bytes])
  })
  const body = Buffer.concat(integers)
  return Buffer.concat([Buffer.from([0x30, body.length]), body])
}

function hasControls(note: string): boolean {
  return [...note].some((character) => character < ' ' && character !== '\n')
}

function isKeyName(name: string): boolean {
  return name !== '' && !/[+\s]/u.test(name)
}

function kindOf(publicKey: KeyObject): NoteKeyKind {
  return publicKey.asymmetricKeyType === 'ed25519' ? 1 : 2
}

/** The id is the start of a hash over name, kind and key; that of an ECDSA key is over the key alone. */
function idOf(name: string, kind: NoteKeyKind, publicKey: KeyObject): string {
  const material = materialOf(kind, publicKey)
  const input = kind === 2 ? material : Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([kind]), material])
  return hash('sha256', input, 'hex').slice(0, 8)
}

function materialOf(kind: NoteKeyKind, publicKey: KeyObject): Buffer {
  const spki = publicKey.export({ format: 'der', type: 'spki' })
  return kind === 2 ? spki : spki.subarray(ed25519Prefix.length)
}
