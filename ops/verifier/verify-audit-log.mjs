#!/usr/bin/env node
/*
 * Proves an audit log, or one bet in it, from files and a public key alone. One file, no dependencies; any Node from 18 on.
 *
 *   node verify-audit-log.mjs log <bundle.jsonl> --key <verifier key> [--witness <verifier key>]... [--held <checkpoint file>]...
 *   node verify-audit-log.mjs bet <proof.json>   --key <verifier key> [--witness <verifier key>]... [--held <checkpoint file>]...
 *   node verify-audit-log.mjs entry <proof.json> …
 *
 *   --key      the log's key, or a file that holds it (one per line, oldest first; after a change of keys there are several)
 *   --handover a file in which keys of the log hand it over to the next (countroom audit handovers): so who has an older key follows to the
 *              newest; a bundle brings its own
 *   --witness  the key of somebody who cosigns; --witnesses-min <n> says how many of them must have (default: all that are given)
 *   --held     a checkpoint that you kept yourself, or got from a witness: the log must begin with that tree. One bet or entry is tied
 *              to it by the consistency path in the proof (ask for the proof with ?held=<size>) or in a file of its own (--consistency);
 *              where there is none and the sizes differ, the command is refused, not passed over
 *   --consistency  a file that shows that the log of one size begins with that of another (GET /api/audit/log/consistency)
 *   --lost-known <n>  so many events are known to have been taken out before they were sealed; one more and the log is not proven
 *   --json     the verdict as JSON
 *
 * Exit codes: 0 it is proven; 1 it is not, and the first bad index is named; 2 the command or a file cannot be read.
 *
 * Formats: RFC 6962 (the tree), C2SP signed-note, tlog-checkpoint, tlog-cosignature (v1), tlog-proof.
 */
import crypto from 'node:crypto'
import fs from 'node:fs'
import { pathToFileURL } from 'node:url'

const hashBytes = 32
/** No entry of this log is longer: its length has to go into two bytes (C2SP tlog-tiles). */
const entryBytesMax = 65_535

/** SHA-256 as 32 latin1 characters; Node 20.12 and later have a shorter way that takes a third of the time. */
const sha256 =
  typeof crypto.hash === 'function'
    ? (input) => crypto.hash('sha256', input, 'latin1')
    : (input) => crypto.createHash('sha256').update(input).digest('latin1')

class NotProven extends Error {
  constructor(message, firstBad) {
    super(message)
    this.firstBad = firstBad
  }
}
class Unreadable extends Error {}

// The tree ---------------------------------------------------------------------------------------------------------------

const nodeInput = Buffer.alloc(1 + 2 * hashBytes, 1)

function node(left, right) {
  nodeInput.write(left, 1, hashBytes, 'latin1')
  nodeInput.write(right, 1 + hashBytes, hashBytes, 'latin1')
  return sha256(nodeInput)
}

function leafOf(text) {
  return sha256(Buffer.concat([Buffer.from([0]), Buffer.from(text)]))
}

/** A tree that grows leaf by leaf and keeps one hash per height. */
class Tree {
  size = 0
  held = []
  add(leaf) {
    let [at, height, hash] = [this.size++, 0, leaf]
    for (; at % 2 === 1; at = (at - 1) / 2) hash = node(this.held[height++], hash)
    this.held[height] = hash
  }
  root() {
    let root
    for (let rest = this.size, height = 0; rest > 0; rest = Math.floor(rest / 2), height++)
      if (rest % 2 === 1) root = root === undefined ? this.held[height] : node(this.held[height], root)
    return root ?? sha256('')
  }
}

/** RFC 9162, 2.1.3.2: the root that a leaf leads to, or undefined when the path is not one for this index and size. */
function rootFrom(leaf, index, size, path) {
  if (!(Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size)) return undefined
  let [at, last, found] = [index, size - 1, leaf]
  for (const hash of path) {
    if (last === 0 || hash.length !== hashBytes) return undefined
    if (at % 2 === 1 || at === last) {
      found = node(hash, found)
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)]
    } else found = node(found, hash)
    ;[at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
  }
  return last === 0 ? found : undefined
}

/** RFC 9162, 2.1.4.2: whether a tree begins with an older one. */
function begins(oldRoot, oldSize, root, size, path) {
  if (!(Number.isSafeInteger(oldSize) && Number.isSafeInteger(size) && oldSize >= 0 && oldSize <= size)) return false
  if (oldSize === size) return path.length === 0 && oldRoot === root
  if (oldSize === 0) return path.length === 0 && oldRoot === sha256('')
  let [at, last] = [oldSize - 1, size - 1]
  while (at % 2 === 1) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
  const [first, ...rest] = at === 0 ? [oldRoot, ...path] : path // the older tree is whole: its root is on the way
  if (first === undefined) return false
  let [foundOld, found] = [first, first]
  for (const hash of rest) {
    if (last === 0 || hash.length !== hashBytes) return false
    if (at % 2 === 1 || at === last) {
      ;[foundOld, found] = [node(hash, foundOld), node(hash, found)]
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)]
    } else found = node(found, hash)
    ;[at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
  }
  return last === 0 && foundOld === oldRoot && found === root
}

// Notes and keys ---------------------------------------------------------------------------------------------------------

const ed25519Prefix = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * `name+id+base64(kind, key)`: kind 1 is Ed25519, 2 is ECDSA P-256, 4 is a witness's Ed25519. A key that succeeded another has
 * ` since <size>` behind it: it counts from that size on, and those before it no more.
 */
function readKey(text) {
  const [, name, id, material, since] =
    /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)(?: since ([1-9]\d{0,14}))?$/.exec(text.trim()) ?? []
  if (!name) throw new Unreadable(`"${text}" is no verifier key`)
  const bytes = Buffer.from(material, 'base64')
  const kind = bytes[0]
  if (![1, 2, 4].includes(kind)) throw new Unreadable(`the verifier key of ${name} is of a kind not known here`)
  if (idOf(name, kind, bytes.subarray(1)) !== id)
    throw new Unreadable(`the id in the verifier key of ${name} is not its own`)
  const key = kind === 2 ? bytes.subarray(1) : Buffer.concat([ed25519Prefix, bytes.subarray(1)])
  const publicKey = crypto.createPublicKey({ key, format: 'der', type: 'spki' })
  return { name, id, kind, publicKey, since: since && Number(since) }
}

function readKeys(given) {
  const text = fs.existsSync(given) ? fs.readFileSync(given, 'utf8') : given
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(readKey)
}

const handoverForm = 'countroom-log-handover-1'

/**
 * A handover is a note: its form, the log's name, the size from which on the next key signs, and that key (SubjectPublicKeyInfo in base 64). The
 * key before signed it, so it needs no trust of its own. What a key that is not known says is passed over; two ways to go on are none.
 */
function follow(keys, notes) {
  for (const text of notes) {
    const note = readNote(text)
    const [form, origin, size, spki, ...rest] = note.text.split('\n')
    if (form !== handoverForm || !/^[1-9]\d{0,14}$/.test(size) || rest.join() !== '' || note.signatures.length !== 1)
      throw new Unreadable('a handover of the log is none')
    const own = keys.filter(({ name }) => name === origin)
    const [line] = note.signatures
    const signer = own.find(({ id }) => id === line.id)
    if (!signer) continue
    if (line.name !== origin || !isSignedBy(signer, note.text, line.signature))
      throw new NotProven('a handover of the log is not signed by the key before')
    const [key, since] = [keyOfSpki(origin, Buffer.from(spki, 'base64')), Number(size)]
    const next = own[own.indexOf(signer) + 1]
    const contradicts = next
      ? next.id !== key.id || (next.since ?? since) !== since
      : own.some(({ id }) => id === key.id)
    if (contradicts || since <= (signer.since ?? 0))
      throw new NotProven('the log was handed over otherwise than is known of its keys')
    keys.splice(next ? keys.indexOf(next) : keys.length, next ? 1 : 0, { ...key, since })
  }
}

/** The key that signs under a name, as a verifier key would give it. */
function keyOfSpki(name, der) {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = crypto.createPublicKey({
      key: der,
      format: 'der',
      type: 'spki',
    })
    if (asymmetricKeyType === 'ed25519') return readKey(vkeyOf(name, 1, der.subarray(ed25519Prefix.length)))
    if (asymmetricKeyDetails?.namedCurve === 'prime256v1') return readKey(vkeyOf(name, 2, der))
  } catch {}
  throw new Unreadable('a handover of the log names no key of a kind known here')
}

function vkeyOf(name, kind, key) {
  return `${name}+${idOf(name, kind, key)}+${Buffer.concat([Buffer.from([kind]), key]).toString('base64')}`
}

/** The id is the start of a hash over name, kind and key; that of an ECDSA key is over the key alone. */
function idOf(name, kind, key) {
  const named = kind === 2 ? key : Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([kind]), key])
  return crypto.createHash('sha256').update(named).digest('hex').slice(0, 8)
}

/** Notes stand one after another in a file of handovers. */
function handoversIn(file) {
  return fs
    .readFileSync(file, 'utf8')
    .split(new RegExp(`(?=^${handoverForm}$)`, 'm'))
    .filter((note) => note.trim() !== '')
}

/** Each key once, in its place, with the size it is said to sign from. */
function distinct(keys) {
  const byName = new Map()
  for (const key of keys) {
    const known = byName.get(`${key.name}+${key.id}`)
    byName.set(`${key.name}+${key.id}`, { ...key, since: key.since ?? known?.since })
  }
  return [...byName.values()]
}

function readNote(note) {
  const end = note.lastIndexOf('\n\n')
  if (end === -1 || !note.endsWith('\n')) throw new Unreadable('a checkpoint is no signed note')
  const signatures = note
    .slice(end + 2, -1)
    .split('\n')
    .map((line) => {
      const [, name, coded] = /^— ([^+\s]+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? []
      if (!name) throw new Unreadable('a checkpoint has a line that is no signature')
      const bytes = Buffer.from(coded, 'base64')
      return { name, id: bytes.toString('hex', 0, 4), signature: bytes.subarray(4) }
    })
  return { text: note.slice(0, end + 1), signatures }
}

function isSignedBy(key, text, signature) {
  if (key.kind === 1) return crypto.verify(null, Buffer.from(text), key.publicKey, signature)
  if (key.kind === 2) return crypto.verify('sha256', Buffer.from(text), key.publicKey, signature)
  if (signature.length !== 72) return false
  const message = `cosignature/v1\ntime ${signature.readBigUInt64BE(0)}\n${text}`
  return crypto.verify(null, Buffer.from(message), key.publicKey, signature.subarray(8))
}

/** Which keys signed; a line of a known key that does not verify spoils the note. */
function signersOf(note, keys) {
  return note.signatures.flatMap((line) => {
    const key = keys.find(({ name, id }) => name === line.name && id === line.id)
    if (!key) return []
    if (!isSignedBy(key, note.text, line.signature)) throw new NotProven(`the signature of ${key.name} does not verify`)
    return [key]
  })
}

function readHead(text) {
  const [, origin, size, root] = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n/.exec(text) ?? []
  if (!origin) throw new Unreadable('a signed note is no checkpoint')
  return { origin, size: Number(size), root: Buffer.from(root, 'base64').toString('latin1') }
}

/** A checkpoint with the log's own signature, and how many of the witnesses signed it too. @throws NotProven */
function openCheckpoint(note, { keys, witnesses }) {
  const read = readNote(note)
  const head = readHead(read.text)
  const signers = signersOf(read, [...keys, ...witnesses])
  const own = signers.filter((key) => keys.includes(key) && key.name === head.origin)
  if (own.length === 0) throw new NotProven(`the checkpoint at ${head.size} is not signed by the log's key`)
  if (!own.some((key) => counts(key, keys, head.size)))
    throw new NotProven(`the checkpoint at ${head.size} is signed by a key that does not count at this size`)
  return { ...head, witnessed: new Set(signers.filter((key) => witnesses.includes(key))).size }
}

/** Keys stand oldest first. One that was succeeded counts for no larger tree, whoever has it now. */
function counts(key, keys, size) {
  const later = keys.slice(keys.indexOf(key) + 1).filter(({ name }) => name === key.name)
  return size >= (key.since ?? 0) && later.every(({ since }) => since === undefined || size < since)
}

/** A checkpoint that somebody kept: if the log or a witness signed it, it counts; else the file is not one. */
function openHeld(file, { keys, witnesses }) {
  const read = readNote(fs.readFileSync(file, 'utf8'))
  if (signersOf(read, [...keys, ...witnesses]).length === 0)
    throw new NotProven(`the checkpoint in ${file} is signed by nobody whose key was given`)
  return readHead(read.text)
}

// The whole log ----------------------------------------------------------------------------------------------------------

/**
 * A bundle is JSON lines: one that says what it is, one per checkpoint in order of size, one that says how many entries follow,
 * and then the entries, byte for byte the leaves; before each 256 of them a line with their hashes. Where an entry was archived,
 * its line holds its hash alone.
 */
function verifyLog(file, trust) {
  const absent = new Absent()
  const lines = linesOf(file)
  const header = json(lines.next().value, file)
  if (header.bundle !== 'countroom-audit-bundle-1') throw new Unreadable(`${file} is no bundle of an audit log`)
  const heads = []
  let count
  for (let next = lines.next(); !next.done && count === undefined; next = count === undefined ? lines.next() : next) {
    const part = json(next.value, file)
    if (typeof part.handover === 'string' && heads.length === 0) follow(trust.keys, [part.handover])
    else if (typeof part.checkpoint === 'string')
      heads.push({ ...openCheckpoint(part.checkpoint, trust), of: 'checkpoint' })
    else if (Number.isSafeInteger(part.entries)) {
      count = part.entries
    } else throw new Unreadable(`${file} has a line before its entries that is neither`)
  }
  trust.held = trust.heldFiles.map((held) => openHeld(held, trust))
  const newest = heads.at(-1)
  if (count === undefined || newest === undefined) throw new Unreadable(`${file} ends before its entries`)
  for (const head of heads)
    if (head.origin !== newest.origin) throw new NotProven('the checkpoints are of several logs')
  if (newest.size !== count)
    throw new NotProven(
      `${count} entries, but the newest checkpoint signed ${newest.size}`,
      Math.min(count, newest.size),
    )
  for (const held of trust.held) {
    if (held.origin !== newest.origin)
      throw new NotProven(`what was held is of the log ${held.origin}, this is ${newest.origin}`)
    heads.push({ ...held, of: 'held checkpoint' })
  }
  heads.sort((one, other) => one.size - other.size)

  const tree = new Tree()
  const sound = { checkpoint: 0, 'held checkpoint': 0 }
  let [next, disagreeing, why, tile, tileStart] = [0, undefined, '', '', 0]
  // What is missing may have been taken out anywhere after the last size at which the tree was the signed one.
  const ends = () => {
    const from = disagreeing ?? sound[trust.held.length > 0 ? 'held checkpoint' : 'checkpoint']
    const where = from === tree.size ? from : `one of ${from} to ${tree.size}`
    return new NotProven(
      `the bundle ends at entry ${tree.size} of ${count}: the first that was changed or taken out is ${where}`,
      from,
    )
  }
  const compareHeads = () => {
    for (; next < heads.length && heads[next].size === tree.size; next++) {
      const { of, size, root } = heads[next]
      if (root !== tree.root())
        throw new NotProven(
          size === 0
            ? `the ${of} at 0 is not of the empty tree`
            : `the ${of} at ${size} is of another tree: the first bad entry is one of ${disagreeing ?? sound[of]} to ${size - 1}`,
          disagreeing ?? sound[of],
        )
      sound[of] = size
    }
  }
  const zeroed = Buffer.alloc(1 + entryBytesMax)
  compareHeads() // those of the empty tree, before there is a leaf
  while (tree.size < count) {
    if (tree.size % 256 === 0) {
      const line = lines.next().value
      if (line === undefined) throw ends()
      const part = json(line, file)
      tile = Buffer.from(typeof part.tile === 'string' ? part.tile : '', 'base64').toString('latin1')
      tileStart = tree.size
      if (tile.length > Math.min(256, count - tree.size) * hashBytes)
        throw new NotProven(`there are more hashes than entries at ${tree.size}`, tree.size)
    }
    const line = lines.next().value
    const place = (tree.size - tileStart) * hashBytes
    const leaf = tile.slice(place, place + hashBytes)
    if (line === undefined || leaf.length !== hashBytes) throw ends()
    if (isArchived(line)) {
      absent.archived(tree.size)
      if (Buffer.from(textIn(json(line, file), 'archived', file), 'base64').toString('latin1') !== leaf)
        disagreeing ??= tree.size
    } else if (line.length > entryBytesMax) {
      if (disagreeing === undefined)
        why = `it has ${line.length} bytes, and no entry of this log has more than ${entryBytesMax}`
      disagreeing ??= tree.size
    } else {
      line.copy(zeroed, 1)
      if (sha256(zeroed.subarray(0, 1 + line.length)) !== leaf) disagreeing ??= tree.size
      absent.present(tree.size, line)
    }
    tree.add(leaf)
    compareHeads()
  }
  if (next < heads.length)
    throw new NotProven(
      `the ${heads[next].of} at ${heads[next].size} is of more entries than there are: ${count}`,
      disagreeing ?? count,
    )
  if (lines.next().value !== undefined)
    throw new NotProven(
      `there are more than ${count} entries; the first bad one is ${disagreeing ?? count}`,
      disagreeing ?? count,
    )
  if (disagreeing !== undefined)
    throw new NotProven(
      `entry ${disagreeing} was changed: ${why || 'it is not what the tree that was signed holds'}`,
      disagreeing,
    )
  enoughWitnesses(newest, trust)
  return {
    log: newest.origin,
    entries: count,
    ...absent.verdict(trust),
    checkpoints: heads.length - trust.held.length,
    held: trust.held.length,
    witnesses: newest.witnessed,
    root: Buffer.from(newest.root, 'latin1').toString('base64'),
  }
}

/**
 * What a log may lack, and by whose word. Archived are the oldest events alone: none after an event that is there, each below the
 * `upTo` of an event `audit.archived` that is there, and nothing beside them younger than it says or than twelve months before it.
 * A leaf that says "lost" stands for an event that was taken out before it was sealed.
 */
class Absent {
  first = undefined // the archived ones, from and to
  last = undefined
  count = 0
  event = undefined // the first event that is there: its index and when it happened
  youngest = undefined // of the entries among the archived ones
  waiting = undefined // the youngest since the last archived one
  word = undefined // the `audit.archived` with the highest upTo
  lost = []
  lostCount = 0

  archived(index) {
    if (this.event)
      throw new NotProven(
        `entry ${index} is said to be archived, but event ${this.event.index} before it is not`,
        index,
      )
    this.first ??= index
    this.last = index
    this.count++
    if (this.waiting !== undefined) this.youngest = this.waiting
  }

  present(index, line) {
    if (isLost(line)) {
      if (this.lost.length < lostNamedMax) this.lost.push(index)
      this.lostCount++
    } else if (this.event === undefined) {
      const entry = parsed(line)
      const at = typeof entry.at === 'string' ? entry.at : ''
      if (entry.kind !== 'batch') this.event = { index, at }
      else if (this.waiting === undefined || at > this.waiting.at) this.waiting = { index, at }
    }
    if (this.count > 0 && line.includes(archivedCode)) this.hear(index, parsed(line))
  }

  /** An event says up to where the log was archived; it cannot speak of what came after it. */
  hear(index, { code, at, detail }) {
    const upTo = /^\d{1,15}$/.test(detail?.upTo) ? Number(detail.upTo) : undefined
    if (code !== 'audit.archived' || upTo === undefined || upTo > index) return
    if (this.word === undefined || upTo > this.word.upTo) this.word = { index, at, upTo, before: detail.before }
  }

  /** @throws NotProven */
  verdict({ lostKnown }) {
    if (this.count > 0) this.judge()
    if (this.lostCount > lostKnown) {
      const named = this.lost.slice(0, 20).join(', ') + (this.lostCount > 20 ? ', …' : '')
      throw new NotProven(
        `${this.lostCount} events were taken out before they were sealed (${lostKnown} are known): ${named}`,
        this.lost[Math.min(lostKnown, lostNamedMax - 1)],
      )
    }
    return {
      archived: this.count,
      ...(this.count > 0 && {
        archivedFrom: this.first,
        archivedTo: this.last,
        archivedBefore: this.word.before,
        archivedBy: this.word.index,
        firstEvent: `${this.event.index} of ${this.event.at}`,
      }),
      lost: this.lostCount,
      ...(this.lostCount > 0 && { lostAt: this.lost.join(', ') }),
    }
  }

  judge() {
    const { word, last } = this
    if (word === undefined || word.upTo <= last) {
      const index = Math.max(this.first, word?.upTo ?? 0)
      throw new NotProven(
        `entries ${this.first} to ${last} are said to be archived; no event in the log says so of ${index}`,
        index,
      )
    }
    const [before, done] = [instantOf(word.before), instantOf(word.at)]
    const youngest = new Date(done)
    youngest.setUTCMonth(youngest.getUTCMonth() - archivedMonthsMin)
    if (!(before <= youngest.getTime()))
      throw new NotProven(
        `event ${word.index} archived what was younger than ${archivedMonthsMin} months: entries ${this.first} to ${last}`,
        this.first,
      )
    if (this.youngest !== undefined && !(instantOf(this.youngest.at) < before))
      throw new NotProven(
        `entries up to ${last} are said to be archived and older than ${word.before}, but entry ${this.youngest.index} among them is of ${this.youngest.at}`,
        this.youngest.index,
      )
  }
}

const archivedMonthsMin = 12 // PCI DSS 10.5.1
const lostNamedMax = 1000
const archivedCode = '"code":"audit.archived"'
const lostForm = /^\{"event":"[0-9a-f-]{36}","kind":"lost"\}$/

function isLost(line) {
  return line.length === 62 && lostForm.test(line.toString('latin1'))
}

function instantOf(text) {
  return typeof text === 'string' ? Date.parse(text) : Number.NaN
}

/** The object that an entry is, or an empty one: what it says is held against others, and its bytes against the tree. */
function parsed(line) {
  try {
    const value = JSON.parse(line.toString())
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

const archivedStart = Buffer.from('{"archived":"')

function isArchived(line) {
  return line.length < 80 && line.subarray(0, archivedStart.length).equals(archivedStart)
}

/** The lines of a file as buffers, read in pieces, so that memory does not grow with the file. */
function* linesOf(file) {
  const descriptor = fs.openSync(file, 'r')
  try {
    const piece = Buffer.alloc(1 << 20)
    let rest = Buffer.alloc(0)
    for (;;) {
      const read = fs.readSync(descriptor, piece, 0, piece.length, null)
      if (read === 0) break
      const bytes = rest.length > 0 ? Buffer.concat([rest, piece.subarray(0, read)]) : piece.subarray(0, read)
      let from = 0
      for (let end = bytes.indexOf(10, from); end !== -1; end = bytes.indexOf(10, from)) {
        yield bytes.subarray(from, end)
        from = end + 1
      }
      rest = Buffer.from(bytes.subarray(from))
      if (rest.length > 1 << 24) throw new Unreadable(`${file} has a line that is too long`)
    }
    if (rest.length > 0) yield rest
  } finally {
    fs.closeSync(descriptor)
  }
}

// One entry, one bet -----------------------------------------------------------------------------------------------------

/** Takes a C2SP tlog-proof, the bytes of an entry, and the consistency paths that came along. */
function verifyEntry(entry, proof, paths, trust) {
  trust.held = trust.heldFiles.map((file) => openHeld(file, trust))
  if (Buffer.byteLength(entry) > entryBytesMax || entry.includes('\n'))
    throw new NotProven('this is no entry of the log: it is too long, or not one line')
  const end = proof.indexOf('\n\n')
  const [form, ...rest] = proof.slice(0, end).split('\n')
  if (end === -1 || form !== 'c2sp.org/tlog-proof@v1') throw new Unreadable('this is no tlog-proof')
  if (rest[0]?.startsWith('extra ')) rest.shift()
  const index = /^index (0|[1-9]\d{0,15})$/.exec(rest.shift() ?? '')?.[1]
  if (index === undefined) throw new Unreadable('this is no tlog-proof')
  const path = rest.map((line) => Buffer.from(line, 'base64').toString('latin1'))
  const head = openCheckpoint(proof.slice(end + 2), trust)
  for (const held of trust.held) tie(head, held, [...paths, ...trust.paths], Number(index))
  if (rootFrom(leafOf(entry), Number(index), head.size, path) !== head.root)
    throw new NotProven(`entry ${index} is not in the log of ${head.size} entries that was signed`, Number(index))
  enoughWitnesses(head, trust)
  return {
    log: head.origin,
    index: Number(index),
    entries: head.size,
    witnesses: head.witnessed,
    held: trust.held.length > 0 ? 'compared' : 'not compared',
  }
}

/** Holds a proof's checkpoint against one that was held: of one size the same root, else by a path from the older to the newer. */
function tie(head, held, paths, index) {
  if (held.origin !== head.origin)
    throw new Unreadable(`the proof is of the log ${head.origin}, what was held is of ${held.origin}`)
  if (held.size === head.size) {
    if (held.root !== head.root) throw new NotProven(`the log at ${head.size} is not the one that was held`, index)
    return
  }
  const [older, newer] = held.size < head.size ? [held, head] : [head, held]
  const found = paths.filter(({ from, to }) => from === older.size && to === newer.size)
  if (found.length === 0)
    throw new Unreadable(
      `the proof is under ${head.size} entries, what was held is of ${held.size}: they are compared by a consistency path; ask for the proof with ?held=${held.size}, or verify the whole log`,
    )
  if (!found.some(({ path }) => begins(older.root, older.size, newer.root, newer.size, path)))
    throw new NotProven(`the log at ${newer.size} is not shown to begin with the one at ${older.size}`, index)
}

/** `{"from", "to", "path"}`: the sizes and the hashes between, as the operator's face answers and proofs carry. */
function pathIn(value, file) {
  const sizes = [value.from, value.to].map((size) => (/^(0|[1-9]\d{0,15})$/.test(size) ? Number(size) : Number.NaN))
  if (sizes.some(Number.isNaN) || !Array.isArray(value.path) || !value.path.every((line) => typeof line === 'string'))
    throw new Unreadable(`${file} holds no consistency path`)
  const path = value.path.map((line) => Buffer.from(line, 'base64').toString('latin1'))
  if (path.length > 64 || path.some((hash) => hash.length !== hashBytes))
    throw new Unreadable(`${file} holds no consistency path`)
  return { from: sizes[0], to: sizes[1], path }
}

function pathsIn(proof, file) {
  return proof.consistency === undefined ? [] : [pathIn(objectIn(proof, 'consistency', file), file)]
}

function verifyBet(file, trust) {
  const bet = json(fs.readFileSync(file), file)
  if (bet.format !== 'countroom-bet-proof-1') throw new Unreadable(`${file} is no proof of a bet`)
  const [row, entry, proof] = ['row', 'entry', 'proof'].map((name) => textIn(bet, name, file))
  const key = bet.key === null ? null : textIn(bet, 'key', file)
  const { index, size, path } = objectIn(bet, 'rows', file)
  if (!Array.isArray(path) || !path.every((line) => typeof line === 'string'))
    throw new Unreadable(`${file} is not what it should be`)
  const batch = json(Buffer.from(entry), file)
  if (!isBatch(batch)) throw new NotProven('the entry is no batch of the ledger, whatever it says of rows')
  const hashes = path.map((line) => Buffer.from(line, 'base64').toString('latin1'))
  const root = rootFrom(leafOf(row), index, size, hashes)
  if (batch.rows !== size || root === undefined || Buffer.from(root, 'latin1').toString('hex') !== batch.root)
    throw new NotProven(
      `row ${JSON.stringify(index)} is not in the batch`,
      Number.isSafeInteger(index) ? index : undefined,
    )
  const keyHash = /^key ([0-9a-f]{64})(?:\n|$)/.exec(row)?.[1]
  if (key !== null && crypto.createHash('sha256').update(key).digest('hex') !== keyHash)
    throw new NotProven('the key line is not the one of this row', index)
  return {
    ...verifyEntry(entry, proof, pathsIn(bet, file), trust),
    batch: `${batch.lane}/${batch.batch}`,
    at: batch.at,
    row,
    key,
  }
}

const batchFields = 'at,batch,digest,kind,lane,root,rows'

/** Whoever may write events could write one that has a batch's root: a batch is what has all of its fields and no other. */
function isBatch(entry) {
  return entry.kind === 'batch' && Object.keys(entry).sort().join() === batchFields
}

function enoughWitnesses(head, { witnesses, witnessesMin }) {
  const needed = witnessesMin ?? witnesses.length
  if (head.witnessed < needed)
    throw new NotProven(
      `${head.witnessed} of the ${needed} witnesses that must have signed the checkpoint at ${head.size} did`,
    )
}

/** The JSON object in some bytes. @throws Unreadable */
function json(bytes, file) {
  let value
  try {
    value = JSON.parse(bytes.toString())
  } catch {}
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Unreadable(`${file} is not what it should be`)
  return value
}

/** A text whose bytes are no other text's: half of a surrogate pair would be hashed as U+FFFD, and shown as itself. */
function textIn(object, name, file) {
  const text = object[name]
  if (typeof text !== 'string' || Buffer.from(text).toString() !== text)
    throw new Unreadable(`${file} is not what it should be: its ${name} is no text`)
  return text
}

function objectIn(object, name, file) {
  const value = object[name]
  if (typeof value !== 'object' || value === null)
    throw new Unreadable(`${file} is not what it should be: it has no ${name}`)
  return value
}

/** As a terminal may be given it: whoever wrote the file cannot move the cursor, erase, or turn the direction of reading. */
function shown(text) {
  return String(text).replace(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    character.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )
}

// The command ------------------------------------------------------------------------------------------------------------

function trustIn(args) {
  const trust = { keys: [], witnesses: [], held: [], heldFiles: [], paths: [], witnessesMin: undefined, lostKnown: 0 }
  const handovers = []
  for (let at = 0; at < args.length; at += 2) {
    const [option, value] = [args[at], args[at + 1]]
    if (option === '--json') {
      at--
      continue
    }
    if (value === undefined) throw new Unreadable(`${option} wants a value`)
    if (option === '--key') trust.keys = distinct([...trust.keys, ...readKeys(value)])
    else if (option === '--witness') trust.witnesses.push(...readKeys(value))
    else if (option === '--held') trust.heldFiles.push(value)
    else if (option === '--handover') handovers.push(...handoversIn(value))
    else if (option === '--consistency') trust.paths.push(pathIn(json(fs.readFileSync(value), value), value))
    else if (option === '--witnesses-min' && /^\d+$/.test(value)) trust.witnessesMin = Number(value)
    else if (option === '--lost-known' && /^\d{1,9}$/.test(value)) trust.lostKnown = Number(value)
    else throw new Unreadable(`there is no option ${option}`)
  }
  if (trust.keys.length === 0) throw new Unreadable('say with --key whose log it should be')
  follow(trust.keys, handovers)
  return trust
}

function main([what, file, ...args]) {
  if (!['log', 'bet', 'entry'].includes(what) || file === undefined)
    throw new Unreadable(
      'node verify-audit-log.mjs log|bet|entry <file> --key <verifier key> [--witness <verifier key>] [--held <checkpoint>]',
    )
  const trust = trustIn(args)
  if (what === 'log') return verifyLog(file, trust)
  if (what === 'bet') return verifyBet(file, trust)
  const given = json(fs.readFileSync(file), file)
  const [entry, proof] = ['entry', 'proof'].map((name) => textIn(given, name, file))
  return { ...verifyEntry(entry, proof, pathsIn(given, file), trust), entry }
}

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  const asJson = process.argv.includes('--json')
  const say = (verdict, text) => process.stdout.write(`${shown(asJson ? JSON.stringify(verdict) : text)}\n`)
  try {
    const found = main(process.argv.slice(2))
    const lines = Object.entries(found).map(
      ([name, value]) => `${name.padEnd(16)}${String(value).replaceAll('\n', `\n${' '.repeat(16)}`)}`,
    )
    say({ proven: true, ...found }, ['PROVEN', ...lines].join('\n'))
  } catch (error) {
    if (error instanceof NotProven) {
      say({ proven: false, reason: error.message, firstBad: error.firstBad ?? null }, `NOT PROVEN: ${error.message}`)
      process.exitCode = 1
    } else {
      process.stderr.write(`${shown(error.message)}\n`)
      process.exitCode = 2
    }
  }
}
