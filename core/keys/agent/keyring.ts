import type { KeyEntry } from '../entry.ts'
import { openActs } from './acts.ts'
import { bear } from './births.ts'
import { epochName, everyday, type Family, families, parseKey, registerFamily } from './catalogue.ts'
import { faultsOfEntry, faultsOfToken } from './checks.ts'
import { beginRegister } from './first-start.ts'
import { type Growth, hasGrown } from './growth.ts'
import { type Head, nextLog } from './heads.ts'
import type { Journal } from './journal.ts'
import type { MechanismName } from './mechanisms.ts'
import { AgentRefusal } from './refusal.ts'
import type { Entry, State } from './register.ts'
import { awaitsHandover, logFamily, succession } from './succession.ts'
import type { Token } from './token.ts'

/** The epochs of all families: which there are, what state each is in, and that the token still holds these very keys. */
export type Keyring = {
  /** The epoch a name means: a family's active one, or the one it names, if that may be used for this. */
  find(name: string, use: 'anew' | 'compare' | 'public'): Entry
  state(): State
  list(): KeyEntry[]
  create(role: string, family: Family): KeyEntry
  activate(role: string, key: string): KeyEntry
  destroy(role: string, key: string): KeyEntry
  /** Does something to the keys that is written in the journal before and after; `change` puts the new state on the disk. */
  manage<T>(role: string, operation: string, key: string, work: (change: (next: State) => void) => T): T
  /** Remembers a checkpoint before it is signed. @throws AgentRefusal where it contradicts one that was */
  noteCheckpoint(message: Buffer, after: Head | null, growth: Growth | undefined): void
  /** The next log to be signed is another one, or this one anew: somebody answers for it. */
  beginLog(role: string, origin: string): void
  /** A new epoch in the token, born as the present state demands; not in the register yet. */
  bring(family: Family, epoch: number, state: 'pre-active' | 'active', by?: State['recovery']): Entry
  /** Nothing was made yet: this agent waits for a ceremony, or for the keys of another node. */
  isWaiting(): boolean
  /** What is wrong with the keys in the token, as it is now. */
  faults(): string[]
}

export type KeyringOptions = {
  token: Token
  journal: Journal
  stateDir: string
  firstStart: 'create' | 'join' | 'refuse'
  birth: 'token' | 'ceremony'
  rotationDays: Partial<Record<Family, number>>
  /** What a new epoch of a family is made for. */
  mechanismFor(family: Family): MechanismName
  now(): Date
}

const dayMs = 86_400_000

/**
 * Opens the register and compares it with the token, key by key. Keys are made only at an allowed first start, by
 * `create`, or for a family that this version is the first to know; what the register knows and the token lacks stops
 * the start.
 *
 * @throws Error that names what is wrong
 */
export function openKeyring(options: KeyringOptions): Keyring {
  const { token, now } = options
  const { state, change, settle, manage } = openActs(options, () => beginRegister(options))
  refuseFaults(faultsOfToken(token, state().entries))
  // An earlier version left copies of destroyed keys in the register of a node that had joined.
  if (state().entries.some((entry) => entry.state === 'destroyed' && entry.copy)) change(state())
  if (!isWaiting())
    for (const family of unknownFamilies())
      manage('agent', 'create', epochName(family, 1), () => add(family, 1, 'active'))

  return {
    find(name, use) {
      const parsed = parseKey(name)
      const entry = state().entries.find((each) =>
        parsed?.epoch === undefined ? each.family === parsed?.family && each.state === 'active' : each.key === name,
      )
      if (!entry) throw new AgentRefusal('keys.unknown_key', `there is no key ${name}`)
      const permitted = { anew: ['active'], compare: ['active', 'decrypt-only'], public: [entry.state] }[use]
      if (!permitted.includes(entry.state))
        throw new AgentRefusal('keys.state', `${entry.key} is ${entry.state}`, 'conflict')
      return entry
    },
    state,
    list: () => state().entries.map(tell),
    create(role, family) {
      const own = state().entries.filter((entry) => entry.family === family)
      const waiting = own.find((entry) => entry.state === 'pre-active')
      const epoch = Math.max(0, ...own.map((entry) => entry.epoch)) + 1
      return manage(role, 'create', epochName(family, epoch), () => {
        if (waiting) throw new AgentRefusal('keys.pre_active', `${waiting.key} waits to be activated`, 'conflict')
        if (!everyday.includes(family)) throw new AgentRefusal('keys.state', `a ceremony makes ${family}`, 'conflict')
        if (isWaiting()) throw waitingStill()
        return tell(add(family, epoch, 'pre-active'))
      })
    },
    activate: (role, key) =>
      manage(role, 'activate', key, () => {
        const entry = named(key)
        if (entry.state === 'active') return tell(entry)
        if (entry.state !== 'pre-active')
          throw new AgentRefusal('keys.state', `${key} is ${entry.state} and does not become active again`, 'conflict')
        refuseFaults(faultsOfEntry(token, entry))
        const at = now().toISOString()
        const entries = state().entries.map((each) =>
          each.family === entry.family && each.state === 'active'
            ? ({ ...each, state: 'decrypt-only', retiredAt: at } as const)
            : each,
        )
        const signs = entry.family === logFamily ? { signsFrom: null } : {}
        return tell(put({ ...entry, ...signs, state: 'active', activatedAt: at }, entries))
      }),
    destroy: (role, key) =>
      manage(role, 'destroy', key, () => {
        const entry = named(key)
        if (entry.state === 'destroyed') return tell(entry)
        if (entry.state === 'active')
          throw new AgentRefusal('keys.state', `${key} is active; activate another epoch first`, 'conflict')
        const { log, entries } = state()
        const next = log && awaitsHandover(entry, entries)
        if (next)
          throw new AgentRefusal(
            'keys.state',
            `${key} hands the log over with the first checkpoint of ${next.key}, which is still to come`,
            'conflict',
          )
        // The register first: if we end in between, the next start completes it, and nothing is missing meanwhile.
        const destroyed = put({ ...entry, state: 'destroyed', destroyedAt: now().toISOString() })
        token.destroy(key)
        return tell(destroyed)
      }),
    manage,
    noteCheckpoint(message, after, growth) {
      settle() // what this writes must not look like the outcome of something else
      const { log: known, entries } = state()
      const keys = entries.filter(({ family }) => family === logFamily)
      const grew = known && after && growth ? hasGrown(known, after, growth, keys) : false
      const log = nextLog(known, message, after, grew)
      const sign = (by: Entry, text: string) => token.signMessage(by, Buffer.from(text))
      change({ ...state(), entries: succession(entries, log, sign), log })
    },
    beginLog: (role, origin) => manage(role, 'begin-log', origin, () => change({ ...state(), log: undefined })),
    bring,
    isWaiting,
    faults() {
      token.forget()
      return faultsOfToken(token, state().entries)
    },
  }

  function unknownFamilies(): Family[] {
    return everyday.filter((family) => !state().entries.some((entry) => entry.family === family))
  }

  function isWaiting(): boolean {
    return state().entries.every(({ family }) => family === registerFamily)
  }

  function bring(family: Family, epoch: number, as: 'pre-active' | 'active', by = state().recovery): Entry {
    const ref = { key: epochName(family, epoch), mechanism: options.mechanismFor(family) }
    if (token.names().has(ref.key))
      throw new AgentRefusal('keys.unsound', `the token holds a ${ref.key} that nobody made here`, 'conflict')
    if (!by && options.birth === 'ceremony') throw waitingStill()
    const birth = bear(token, ref, family === registerFamily ? undefined : by)
    const at = now().toISOString()
    return {
      ...ref,
      family,
      epoch,
      state: as,
      createdAt: at,
      ...(as === 'active' ? { activatedAt: at } : {}),
      ...birth,
    }
  }

  function add(family: Family, epoch: number, as: 'pre-active' | 'active'): Entry {
    return put(bring(family, epoch, as))
  }

  function put(entry: Entry, among = state().entries): Entry {
    change({ ...state(), entries: [...among.filter(({ key }) => key !== entry.key), entry] })
    return entry
  }

  function named(key: string): Entry {
    const entry = state().entries.find((each) => each.key === key)
    if (!entry) throw new AgentRefusal('keys.unknown_key', `there is no key ${key}`, 'absent')
    return entry
  }

  function tell({ spki: _spki, copy: _copy, signsFrom, ...entry }: Entry): KeyEntry {
    const days = options.rotationDays[entry.family] ?? families[entry.family].days
    const due = entry.state === 'active' && entry.activatedAt ? Date.parse(entry.activatedAt) + days * dayMs : undefined
    return {
      ...entry,
      ...(signsFrom == null ? {} : { signsFrom }),
      use: families[entry.family].use,
      ...(due === undefined ? {} : { rotateBefore: new Date(due).toISOString() }),
    }
  }
}

function refuseFaults(faults: string[]): void {
  if (faults.length > 0) throw new Error(`The token holds keys that must not be used: ${faults.join('; ')}`)
}

function waitingStill(): AgentRefusal {
  return new AgentRefusal(
    'keys.waiting',
    'there are no keys before a ceremony is held, or those of another node are joined',
    'conflict',
  )
}
