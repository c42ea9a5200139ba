import type { SealedFile } from '../entry.ts'
import type { Request } from '../frames.ts'
import { protocolVersion } from '../frames.ts'
import { makeBackup, refuseForgedFile, sealFile } from './backup.ts'
import { parseKey } from './catalogue.ts'
import { ceremonyStatus, openCeremony } from './ceremony.ts'
import { type Deks, openDeks, type WrappedDek } from './deks.ts'
import type { Growth } from './growth.ts'
import type { Head } from './heads.ts'
import type { Journal } from './journal.ts'
import type { Keyring } from './keyring.ts'
import type { MechanismName } from './mechanisms.ts'
import { TokenRefusal } from './module.ts'
import { AgentRefusal } from './refusal.ts'
import { openRestore } from './restore.ts'
import { mayAsk, type Role } from './roles.ts'
import type { Token } from './token.ts'

export type Agent = {
  token: Token
  keyring: Keyring
  journal: Journal
  canServe(mechanism: MechanismName): boolean
  now(): Date
}
export type Answer = Record<string, unknown>

const healthFreshMs = 10_000
const rewrapMax = 500
const rewrapSliceMs = 0.5 // others wait no longer than this, and one key more
const journalLinesMax = 1000
const pathHashesMax = 64

/** Does what a role may ask. Everything binary travels in base 64. @throws AgentRefusal, ModuleLost */
export function openAnswers(agent: Agent) {
  const { token, keyring, journal, now } = agent
  const deks: Deks = openDeks(token, keyring)
  const restore = openRestore(agent)
  const ceremony = openCeremony(agent)
  let judgedAt = Number.NEGATIVE_INFINITY
  let faults: string[] = []

  const operations: Record<string, (request: Request, role: Role) => Answer | Promise<Answer>> = {
    health(_request, role) {
      // Processes ask every moment, a person wants to know how it is now.
      if (role === 'ops' || now().getTime() - judgedAt > healthFreshMs) {
        faults = keyring.faults()
        judgedAt = now().getTime()
      }
      if (keyring.isWaiting()) throw new AgentRefusal('keys.waiting', 'there are no keys yet', 'unavailable')
      if (faults.length > 0) throw new AgentRefusal('keys.unsound', faults.join('; '))
      token.random(1)
      return {}
    },
    random: ({ args }) => ({ bytes: write(token.random(Number(args?.bytes))) }),
    mac: (request) => ({ mac: write(token.mac(keyring.find(keyIn(request), useOf(request)), read(request, 'data'))) }),
    sign: (request) => ({
      signature: write(token.signDigest(keyring.find(keyIn(request), 'anew'), read(request, 'digest'))),
    }),
    signMessage(request) {
      const entry = keyring.find(keyIn(request), 'anew')
      const message = read(request, 'message')
      const signature = write(token.signMessage(entry, message))
      return { key: entry.key, algorithm: entry.mechanism, signature }
    },
    publicKey(request) {
      const { key, spki } = keyring.find(keyIn(request), 'public')
      if (spki === undefined) throw new AgentRefusal('keys.refused', `${key} has no public half`)
      return { spki }
    },
    active: (request) => ({ key: keyring.find(keyIn(request), 'anew').key }),
    newDek(request) {
      const { dek, ...wrapped } = deks.create(keyIn(request), read(request, 'context'))
      return { dek: write(dek), ...written(wrapped) }
    },
    openDek: (request) => ({ dek: write(deks.open({ kek: keyIn(request), ...wrappedIn(request.args) })) }),
    rewrapDeks: (request) => rewrap(request),
    list: () => ({ keys: keyring.list() }),
    journal: ({ args }) => ({
      lines: journal.lines(Number(args?.after), Math.min(Number(args?.limit), journalLinesMax)),
    }),
    attributes: () => ({
      attributes: Object.fromEntries(
        keyring
          .list()
          .filter(({ state }) => state !== 'destroyed')
          .map(({ key }) => [key, token.attributes(keyring.find(key, 'public'))]),
      ),
    }),
    create(request, role) {
      const parsed = parseKey(keyIn(request))
      if (!parsed || parsed.epoch !== undefined) throw new AgentRefusal('keys.malformed', 'name a family')
      return { entry: keyring.create(role, parsed.family) }
    },
    activate: (request, role) => ({ entry: keyring.activate(role, epochIn(request)) }),
    destroy: (request, role) => ({ entry: keyring.destroy(role, epochIn(request)) }),
    signCheckpoint({ args }) {
      const entry = keyring.find('sk-audit', 'anew')
      const message = bytesIn(args, 'message')
      keyring.noteCheckpoint(message, headIn(args), growthIn(args)) // on the disk before it is signed
      return { key: entry.key, algorithm: entry.mechanism, signature: write(token.signMessage(entry, message)) }
    },
    signedSizes() {
      const { last, kept } = keyring.state().log ?? { last: null, kept: null }
      return { sizes: [last, kept].flatMap((head) => (head ? [head.size] : [])) }
    },
    beginLog(request, role) {
      keyring.beginLog(role, String(request.args?.origin))
      return {}
    },
    ceremonyStatus: () => ({ status: { ...ceremonyStatus(keyring), restoring: restore.status() ?? null } }),
    async ceremonyBegin({ args }, role) {
      const custodians = textsIn(args, 'custodians')
      return ceremony.begin(role, {
        custodians,
        threshold: Number(args?.threshold),
        shares: textsIn(args, 'shares'),
      })
    },
    custodiansVouch: ({ args }, role) => ceremony.vouch(role, textsIn(args, 'shares')),
    ceremonyFinish({ args }, role) {
      ceremony.finish(role, String(args?.recovery))
      return {}
    },
    backup: (_request, role) => ({ backup: keyring.manage(role, 'backup', '', () => makeBackup(agent)) }),
    sealFile: (request) => ({ seal: sealFile(agent, read(request, 'digest')) }),
    checkFile({ args }) {
      refuseForgedFile(agent, fileIn(args))
      return {}
    },
    restoreBegin: ({ args }, role) => ({
      status: restore.begin(role, args?.backup, args?.seal === undefined ? undefined : fileIn(args)),
    }),
    restoreShare: ({ args }, role) => ({ status: restore.share(role, String(args?.share)) }),
    restoreFinish: ({ args }, role) => restore.finish(role, textsIn(args, 'without'), args?.alone === true),
  }

  return async function answer(role: Role, request: Request): Promise<Answer> {
    if (request.v !== protocolVersion)
      throw new AgentRefusal('keys.version', 'this protocol version is not spoken here')
    const operation = Object.hasOwn(operations, request.op) ? operations[request.op] : undefined
    if (!operation) throw new AgentRefusal('keys.unknown_operation', 'there is no such operation')
    if (request.key !== undefined && !parseKey(request.key))
      throw new AgentRefusal('keys.unknown_key', 'there is no such key')
    if (!mayAsk(role, request.op, request.key))
      throw new AgentRefusal('keys.not_allowed', `${role} may not ask for this`)
    try {
      return await operation(request, role)
    } catch (error) {
      if (error instanceof TokenRefusal) throw new AgentRefusal('keys.refused', error.message)
      throw error
    }
  }

  /** Key by key, and after a few of them everybody else's turn, so that a rotation keeps nobody waiting. */
  async function rewrap(request: Request): Promise<Answer> {
    const items = request.args?.items
    if (!Array.isArray(items) || items.length > rewrapMax)
      throw new AgentRefusal('keys.malformed', `give a list of at most ${rewrapMax}`)
    const { family } = keyring.find(keyIn(request), 'anew')
    const done: Answer[] = []
    let since = performance.now()
    for (const item of items as Array<Record<string, unknown>>) {
      const kek = String(item.kek)
      if (parseKey(kek)?.family !== family) throw new AgentRefusal('keys.malformed', 'all of one family, please')
      done.push(written(deks.rewrap({ kek, ...wrappedIn(item) })))
      if (performance.now() - since < rewrapSliceMs) continue
      await new Promise((resolve) => setImmediate(resolve))
      since = performance.now()
    }
    return { items: done }
  }
}

/** A MAC may be asked of an epoch by its name even when it is no longer active, to compare with what was made then. */
function useOf({ key }: Request): 'anew' | 'compare' {
  return parseKey(key ?? '')?.epoch === undefined ? 'anew' : 'compare'
}

function keyIn({ key }: Request): string {
  if (key === undefined) throw new AgentRefusal('keys.malformed', 'the request names no key')
  return key
}

function epochIn(request: Request): string {
  const key = keyIn(request)
  if (parseKey(key)?.epoch === undefined) throw new AgentRefusal('keys.malformed', 'name an epoch, not a family')
  return key
}

function wrappedIn(args: Record<string, unknown> | undefined): Omit<WrappedDek, 'kek'> & { context: Buffer } {
  return { context: bytesIn(args, 'context'), wrapped: bytesIn(args, 'wrapped'), binding: bytesIn(args, 'binding') }
}

function written({ kek, wrapped, binding }: WrappedDek): Answer {
  return { kek, wrapped: write(wrapped), binding: write(binding) }
}

function textsIn(args: Record<string, unknown> | undefined, name: string): string[] {
  const list = args?.[name] ?? []
  if (!Array.isArray(list) || list.some((each) => typeof each !== 'string'))
    throw new AgentRefusal('keys.malformed', `${name} is a list of texts`)
  return list as string[]
}

function fileIn(args: Record<string, unknown> | undefined): SealedFile {
  const { by, mac } = (args?.seal ?? {}) as { by?: unknown; mac?: unknown }
  if (typeof by !== 'string' || typeof mac !== 'string')
    throw new AgentRefusal('keys.malformed', 'a seal has a key and a mac')
  return { digest: bytesIn(args, 'digest'), seal: { by, mac } }
}

function headIn(args: Record<string, unknown> | undefined): Head | null {
  const after = args?.after as { size?: unknown; root?: unknown } | null | undefined
  if (after === null || after === undefined) return null
  if (!Number.isSafeInteger(after.size) || typeof after.root !== 'string')
    throw new AgentRefusal('keys.malformed', 'after is a checkpoint: size and root')
  return { size: Number(after.size), root: after.root }
}

function growthIn(args: Record<string, unknown> | undefined): Growth | undefined {
  if (args?.growth === undefined) return undefined
  const { note, paths } = args.growth as { note?: unknown; paths?: unknown }
  if (typeof note !== 'string' || !Array.isArray(paths) || paths.length > 2)
    throw new AgentRefusal('keys.malformed', 'growth is a checkpoint and at most two paths to it')
  return {
    note,
    paths: paths.map((path: unknown) => {
      if (!Array.isArray(path) || path.length > pathHashesMax || path.some((hash) => typeof hash !== 'string'))
        throw new AgentRefusal('keys.malformed', 'a path is a list of hashes')
      return (path as string[]).map((hash) => Buffer.from(hash, 'base64'))
    }),
  }
}

function read({ args }: Request, name: string): Buffer {
  return bytesIn(args, name)
}

function bytesIn(args: Record<string, unknown> | undefined, name: string): Buffer {
  const text = args?.[name]
  if (typeof text !== 'string') throw new AgentRefusal('keys.malformed', `the request has no ${name}`)
  return Buffer.from(text, 'base64')
}

function write(bytes: Buffer): string {
  return bytes.toString('base64')
}
