import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
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
  /** The newest checkpoint it signed of a log, by the SHA-256 of the log's name. */
  newest(originHash: string): Answer
}

const plain = 'text/plain; charset=utf-8'
const none: Answer = { status: 404, type: plain, text: 'no such log\n' }

/**
 * Somebody outside who remembers: signs a checkpoint of a log only if it begins with the one signed before, keeps what was
 * signed in a folder of its own, and whatever the log signed that contradicts it as evidence. Knows logs by their keys.
 */
export function openWitness(options: {
  dir: string
  name: string
  logs: readonly audit.NoteKey[]
  now?(): Date
}): Witness {
  const { dir, name, logs, now = () => new Date() } = options
  mkdirSync(dir, { recursive: true, mode: 0o700 })
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
      const keys = logs.filter((log) => log.name === head.origin)
      if (keys.length === 0) return none
      let signers: audit.NoteKey[]
      try {
        signers = audit.signersOf(note, keys)
      } catch (error) {
        return refusal(403, (error as Error).message)
      }
      const memory = openMemory(dir, head.origin)
      const { oldSize, path } = request
      const last = memory.last()
      if (oldSize > head.size) return refusal(400, 'the old size is above the new one')
      const seen = memory.rootAt(head.size)
      if (seen && !seen.equals(head.root)) memory.accuse(request.note, now())
      if (oldSize !== last.size) return { status: 409, type: 'text/x.tlog.size', text: `${last.size}\n` }
      const grows = audit.isConsistent({ oldSize, size: head.size, oldRoot: last.root, root: head.root, path })
      if (!grows || (head.size === 0 && !head.root.equals(last.root))) {
        if (!seen) memory.accuse(request.note, now()) // what was signed before is no evidence, whatever came with it
        return refusal(422, 'this tree does not begin with the one that was signed before')
      }
      const line = cosign(note.text, Math.floor(now().getTime() / 1000))
      const own = note.signatures.filter(({ id, name }) => signers.some((log) => log.id === id && log.name === name))
      const lines = own.map((each) => audit.signatureLine(each, each.signature))
      memory.keep(head, `${note.text}\n${[...lines, line].join('\n')}\n`)
      return { status: 200, type: plain, text: `${line}\n` }
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

/** What is remembered of one log: the newest checkpoint, every size and root that was signed, and evidence. */
function openMemory(dir: string, origin: string) {
  const folder = join(dir, createHash('sha256').update(origin).digest('hex'))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const [checkpoint, history] = [join(folder, 'checkpoint'), join(folder, 'history')]
  return {
    last(): { size: number; root: Buffer } {
      if (!existsSync(checkpoint)) return { size: 0, root: audit.rootOfHashes(Buffer.alloc(0)) }
      return audit.readCheckpoint(readFileSync(checkpoint, 'utf8'))
    },
    rootAt(size: number): Buffer | undefined {
      if (!existsSync(history)) return undefined
      const found = new RegExp(`^${size} (\\S+)$`, 'm').exec(readFileSync(history, 'utf8'))
      return found ? Buffer.from(found[1]!, 'base64') : undefined
    },
    /** On disk before anybody hears of it. */
    keep({ size, root }: audit.Checkpoint, note: string): void {
      if (this.rootAt(size) === undefined)
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
