import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import * as audit from '#audit'

/** What a witness answers: a status of HTTP, a text and its type. */
export type Answer = { status: number; type: string; text: string }
export type Witness = {
  /** Its key, for the log's operator and for everybody who verifies. */
  vkey: string
  /** The body of `POST /add-checkpoint` (C2SP tlog-witness). Checks and keeps before it answers, one call at a time. */
  add(body: string): Answer
  /** The body of `POST /add-handover`: a log's key names the next one (`docs/verify-the-audit-log.md`). Kept before it answers. */
  addHandover(body: string): Answer
  /** The newest checkpoint it signed of a log, by the SHA-256 of the log's name. */
  newest(originHash: string): Answer
}

const plain = 'text/plain; charset=utf-8'
const none: Answer = { status: 404, type: plain, text: 'no such log\n' }

/**
 * Somebody outside who remembers: signs a checkpoint of a log only if it begins with the one signed before, keeps what was
 * signed in a folder of its own, and whatever the log signed that contradicts it as evidence. Knows logs by their keys.
 *
 * @throws Error when another process is the witness of this folder: two could sign two trees
 */
export function openWitness(options: {
  dir: string
  name: string
  logs: readonly audit.NoteKey[]
  now?(): Date
}): Witness {
  const { dir, name, logs, now = () => new Date() } = options
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  holdFolder(dir)
  const privateKey = keyIn(dir)
  const key = audit.noteKey(name, createPublicKey(privateKey), 4)
  return {
    vkey: audit.vkeyOf(key),
    add(body) {
      let request: ReturnType<typeof audit.readWitnessRequest>
      let note: audit.Note
      let head: audit.Checkpoint
      try {
        request = audit.readWitnessRequest(body)
        note = audit.readNote(request.note)
        head = audit.readCheckpointText(note.text)
      } catch (error) {
        return refusal(400, (error as Error).message)
      }
      const trusted = logs.filter((log) => log.name === head.origin)
      if (trusted.length === 0) return none
      const memory = openMemory(dir, head.origin)
      const keys = audit.follow(trusted, memory.handovers())
      let signers: audit.NoteKey[]
      try {
        signers = audit.signersAt(note, keys, head.size)
      } catch (error) {
        return refusal(403, (error as Error).message)
      }
      const { oldSize, path } = request
      const last = memory.last()
      if (head.size === 0) return refusal(400, 'a tree without leaves has nothing to sign')
      if (oldSize > head.size) return refusal(400, 'the old size is above the new one')
      const seen = memory.rootAt(head.size)
      if (seen && !seen.equals(head.root)) memory.accuse(request.note, now())
      if (oldSize !== last.size) return { status: 409, type: 'text/x.tlog.size', text: `${last.size}\n` }
      const grows = audit.isConsistent({ oldSize, size: head.size, oldRoot: last.root, root: head.root, path })
      if (!grows) {
        if (!seen) memory.accuse(request.note, now()) // what was signed before is no evidence, whatever came with it
        return refusal(422, 'this tree does not begin with the one that was signed before')
      }
      const line = cosign(note.text, Math.floor(now().getTime() / 1000))
      const own = note.signatures.filter(({ id, name }) => signers.some((log) => log.id === id && log.name === name))
      const lines = own.map((each) => audit.signatureLine(each, each.signature))
      memory.keep(head, `${note.text}\n${[...lines, line].join('\n')}\n`)
      return { status: 200, type: plain, text: `${line}\n` }
    },
    addHandover(body) {
      let handover: audit.Handover
      try {
        handover = audit.readHandover(body)
      } catch (error) {
        return refusal(400, (error as Error).message)
      }
      const trusted = logs.filter((log) => log.name === handover.origin)
      if (trusted.length === 0) return none
      const memory = openMemory(dir, handover.origin)
      const known = memory.handovers()
      const before = audit.follow(trusted, known)
      try {
        audit.signersOf(handover.note, before)
      } catch (error) {
        return refusal(403, (error as Error).message)
      }
      let after: audit.NoteKey[]
      try {
        after = audit.follow(before, [body])
      } catch (error) {
        memory.accuse(body, now())
        return refusal(409, (error as Error).message)
      }
      if (isKnown(handover, before)) return { status: 200, type: plain, text: 'known\n' }
      // By a tree that was signed already the key before has shown that it was not succeeded there.
      if (handover.since <= memory.last().size) {
        memory.accuse(body, now())
        return refusal(409, `the log was signed by the key before at ${memory.last().size} leaves`)
      }
      memory.keepHandovers([...known, body])
      return { status: 200, type: plain, text: `${after.map(audit.vkeyLineOf).join('\n')}\n` }
    },
    newest(originHash) {
      const file = join(dir, originHash, 'checkpoint')
      if (!/^[0-9a-f]{64}$/.test(originHash) || !existsSync(file)) return none
      return { status: 200, type: plain, text: readFileSync(file, 'utf8') }
    },
  }

  function cosign(text: string, second: number): string {
    const at = Buffer.alloc(8)
    at.writeBigUInt64BE(BigInt(second))
    return audit.signatureLine(key, Buffer.concat([at, sign(null, audit.cosigned(text, second), privateKey)]))
  }
}

function isKnown({ key, since }: audit.Handover, keys: readonly audit.NoteKey[]): boolean {
  return keys.some((known) => known.id === key.id && known.since === since)
}

/** What is remembered of one log: the newest checkpoint, every size and root that was signed, and evidence. */
function openMemory(dir: string, origin: string) {
  const folder = join(dir, createHash('sha256').update(origin).digest('hex'))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const [checkpoint, history] = [join(folder, 'checkpoint'), join(folder, 'history')]
  const handovers = join(folder, 'handovers.json')
  return {
    /** By what notes the log went from key to key, as far as this witness was not told by its keeper. */
    handovers(): string[] {
      return existsSync(handovers) ? (JSON.parse(readFileSync(handovers, 'utf8')) as string[]) : []
    },
    keepHandovers(notes: readonly string[]): void {
      writeWhole(handovers, JSON.stringify(notes))
    },
    last(): { size: number; root: Buffer } {
      if (!existsSync(checkpoint)) return { size: 0, root: audit.rootOfHashes(Buffer.alloc(0)) }
      return audit.readCheckpoint(readFileSync(checkpoint, 'utf8'))
    },
    rootAt(size: number): Buffer | undefined {
      const last = this.last()
      if (size === last.size && size > 0) return last.root
      return size < last.size && existsSync(history) ? rootIn(history, size) : undefined
    },
    /** On disk before anybody hears of it. */
    keep({ size, root }: audit.Checkpoint, note: string): void {
      const last = this.last()
      if (existsSync(history)) settle(history, last.size)
      if (size > last.size)
        appendFileSync(history, `${size} ${root.toString('base64')}\n`, { mode: 0o600, flush: true })
      writeWhole(checkpoint, note)
      const descriptor = openSync(folder, 'r')
      fsyncSync(descriptor)
      closeSync(descriptor)
    },
    /** A checkpoint that the log signed and that cannot be, next to what it signed before. */
    accuse(note: string, at: Date): void {
      mkdirSync(join(folder, 'evidence'), { recursive: true, mode: 0o700 })
      const name = createHash('sha256').update(note).digest('hex').slice(0, 16)
      const file = join(folder, 'evidence', `${name}.note`)
      if (existsSync(file)) return
      const before = existsSync(checkpoint) ? readFileSync(checkpoint, 'utf8') : ''
      writeWhole(file, note)
      writeWhole(join(folder, 'evidence', `${name}.before`), before)
      appendFileSync(join(folder, 'evidence', 'list'), `${at.toISOString()} ${name}\n`, { mode: 0o600, flush: true })
    },
  }
}

const lineBytesMax = 16 + 1 + 44 + 1 // a size, a root in base 64

/** The root of a size in a history, whose lines are in order of size; a handful of reads however long it is. */
function rootIn(history: string, size: number): Buffer | undefined {
  const descriptor = openSync(history, 'r')
  try {
    for (let [from, to] = [0, fstatSync(descriptor).size]; from < to; ) {
      const middle = Math.floor((from + to) / 2)
      const before = Math.max(from, middle - lineBytesMax)
      const begin = before + textAt(descriptor, before, middle - before).lastIndexOf('\n') + 1
      const [line = ''] = textAt(descriptor, begin, lineBytesMax).split('\n')
      const [found, root = ''] = line.split(' ')
      if (Number(found) === size) return Buffer.from(root, 'base64')
      if (Number(found) < size) from = begin + line.length + 1
      else to = begin
    }
    return undefined
  } finally {
    closeSync(descriptor)
  }
}

/** Takes off the end of a history what a crash left: half a line, or a size whose checkpoint was not kept, so never answered. */
function settle(history: string, lastSize: number): void {
  const descriptor = openSync(history, 'r+')
  try {
    for (let end = fstatSync(descriptor).size; end > 0; ) {
      const start = Math.max(0, end - 2 * lineBytesMax)
      const tail = textAt(descriptor, start, end - start)
      const whole = tail.endsWith('\n')
      const begin = tail.lastIndexOf('\n', whole ? tail.length - 2 : tail.length) + 1
      if (whole && Number(tail.slice(begin).split(' ')[0]) <= lastSize) return
      end = start + begin
      ftruncateSync(descriptor, end)
    }
  } finally {
    closeSync(descriptor)
  }
}

function textAt(descriptor: number, at: number, length: number): string {
  const bytes = Buffer.alloc(length)
  return bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, length, at))
}

/** Writes down which process is the witness of a folder; what a process that ended left there does not count. */
function holdFolder(dir: string): void {
  const file = join(dir, 'lock')
  const mine = `${process.pid} ${bornAt(process.pid)}\n`
  try {
    writeFileSync(file, mine, { flag: 'wx', mode: 0o600, flush: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const held = readFileSync(file, 'utf8')
    const [pid = '', born] = held.trim().split(' ')
    if (held !== mine && born !== undefined && bornAt(Number(pid)) === born)
      throw new Error(`process ${pid} is the witness of ${dir}`)
    writeWhole(file, mine)
  }
}

/** When a process began, in ticks since the machine did (proc(5), field 22): a number used again is another process. */
function bornAt(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[19]
  } catch {
    return undefined
  }
}

/** The witness's key: made once, kept in its folder and nowhere else. */
function keyIn(dir: string): KeyObject {
  const file = join(dir, 'key.pem')
  if (!existsSync(file))
    writeWhole(file, generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string)
  return createPrivateKey(readFileSync(file))
}

function writeWhole(file: string, content: string): void {
  writeFileSync(`${file}.new`, content, { mode: 0o600, flush: true })
  renameSync(`${file}.new`, file)
}

function refusal(status: number, text: string): Answer {
  return { status, type: plain, text: `${text}\n` }
}
