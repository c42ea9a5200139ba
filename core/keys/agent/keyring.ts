import { join } from 'node:path'
import type { KeyEntry, Origin } from '../entry.ts'
import { epochName, type Family, families, familyNames, parseKey } from './catalogue.ts'
import { checkOf, faultsOfEntry } from './checks.ts'
import { beginRegister } from './first-start.ts'
import type { Journal } from './journal.ts'
import type { MechanismName } from './mechanisms.ts'
import { AgentRefusal } from './refusal.ts'
import { type Entry, type Register, readRegister, writeRegister } from './register.ts'
import type { KeyRef, Token } from './token.ts'

/** The epochs of all families: which there are, what state each is in, and that the token still holds these very keys. */
export type Keyring = {
  /** The epoch a name means: a family's active one, or the one it names if that may be used `for` this. */
  find(name: string, use: 'anew' | 'compare' | 'public'): Entry
  list(): KeyEntry[]
  create(role: string, family: Family): KeyEntry
  activate(role: string, key: string): KeyEntry
  destroy(role: string, key: string): KeyEntry
  /** What is wrong with the keys in the token, as it is now. */
  faults(): string[]
}

export type KeyringOptions = {
  token: Token
  journal: Journal
  stateDir: string
  firstStart: 'create' | 'refuse'
  rotationDays: Partial<Record<Family, number>>
  /** What a new epoch of a family is made for. */
  mechanismFor(family: Family): MechanismName
  now(): Date
}

const dayMs = 86_400_000
const registerKey = (name: string): KeyRef => ({ key: name, mechanism: 'hmac-sha256' })

/**
 * Opens the register and compares it with the token, key by key. Keys are made only at an allowed first start, by
 * `create`, or for a family that this version is the first to know; what the register knows and the token lacks stops
 * the start.
 *
 * @throws Error that names what is wrong
 */
export function openKeyring(options: KeyringOptions): Keyring {
  const { token, journal, now } = options
  const file = join(options.stateDir, 'register.json')
  const seal = (name: string, content: Buffer) => token.mac(registerKey(name), content)
  const read = readRegister(file)
  let entries = read ? [...believed(read).entries] : beginRegister(options)
  if (!read) save()
  settle()
  refuseFaults(faultsOfAll())
  for (const family of familyNames.filter((each) => !entries.some((entry) => entry.family === each)))
    journalled('agent', 'create', epochName(family, 1), () => add(family, 1, 'active'))

  return {
    find(name, use) {
      const parsed = parseKey(name)
      const entry = entries.find(({ family, epoch, state }) =>
        parsed?.epoch === undefined
          ? family === parsed?.family && state === 'active'
          : epochName(family, epoch) === name,
      )
      if (!entry) throw new AgentRefusal('keys.unknown_key', `there is no key ${name}`)
      const permitted = { anew: ['active'], compare: ['active', 'decrypt-only'], public: [entry.state] }[use]
      if (!permitted.includes(entry.state))
        throw new AgentRefusal('keys.state', `${entry.key} is ${entry.state}`, 'conflict')
      return entry
    },
    list: () => entries.map(tell),
    create(role, family) {
      const own = entries.filter((entry) => entry.family === family)
      const waiting = own.find((entry) => entry.state === 'pre-active')
      const epoch = Math.max(0, ...own.map((entry) => entry.epoch)) + 1
      return journalled(role, 'create', epochName(family, epoch), () => {
        if (waiting) throw new AgentRefusal('keys.pre_active', `${waiting.key} waits to be activated`, 'conflict')
        return add(family, epoch, 'pre-active')
      })
    },
    activate: (role, key) =>
      journalled(role, 'activate', key, () => {
        const entry = named(key)
        if (entry.state === 'active') return entry
        if (entry.state !== 'pre-active')
          throw new AgentRefusal('keys.state', `${key} is ${entry.state} and does not become active again`, 'conflict')
        refuseFaults(faultsOfEntry(token, entry))
        const at = now().toISOString()
        entries = entries.map((each) =>
          each.family === entry.family && each.state === 'active'
            ? { ...each, state: 'decrypt-only', retiredAt: at }
            : each,
        )
        return change({ ...entry, state: 'active', activatedAt: at })
      }),
    destroy: (role, key) =>
      journalled(role, 'destroy', key, () => {
        const entry = named(key)
        if (entry.state === 'destroyed') return entry
        if (entry.state === 'active')
          throw new AgentRefusal('keys.state', `${key} is active; activate another epoch first`, 'conflict')
        // The register first: if we end in between, the next start completes it, and nothing is missing meanwhile.
        const destroyed = change({ ...entry, state: 'destroyed', destroyedAt: now().toISOString() })
        token.destroy(key)
        return destroyed
      }),
    faults() {
      token.forget()
      return faultsOfAll()
    },
  }

  function believed(found: NonNullable<typeof read>): Register {
    const names = token.names()
    const missing = found.entries.filter(({ key, state }) => state !== 'destroyed' && !names.has(key))
    if (missing.length > 0)
      throw new Error(
        `The token is not the one this register belongs to, or lost keys: it lacks ${missing.map(({ key }) => key).join(', ')}.`,
      )
    const register = found.verified(seal)
    const ordered = journal.lines(register.journal.number - 1, 1)[0]
    if (register.journal.number > 0 && ordered?.hash !== register.journal.hash)
      throw new Error(
        `The journal lacks line ${register.journal.number}, which the register knows: it was cut or replaced.`,
      )
    return register
  }

  /** Brings to its end what an earlier agent had begun, or takes it back. */
  function settle(): void {
    const line = journal.unfinished()
    if (!line) return
    const entry = entries.find((each) => each.key === line.key)
    const { role, operation, key } = line
    const reached = {
      'first-start': true, // its register is there
      adopt: true,
      create: entry !== undefined,
      activate: entry?.state === 'active',
      destroy: entry?.state === 'destroyed',
    }[operation]
    if ((operation === 'create' && !reached) || (operation === 'destroy' && reached)) token.destroy(key)
    journal.append({ role, operation, key, outcome: reached ? 'done' : 'interrupted' })
  }

  function faultsOfAll(): string[] {
    const names = token.names()
    const known = new Map(entries.map((entry) => [entry.key, entry]))
    const foreign = [...names].filter((name) => parseKey(name) && !known.has(name))
    return [
      ...entries.filter(({ state }) => state !== 'destroyed').flatMap((entry) => faultsOfEntry(token, entry)),
      ...entries
        .filter(({ key, state }) => state === 'destroyed' && names.has(key))
        .map(({ key }) => `${key} was destroyed and is in the token again`),
      ...foreign.map((name) => `${name} is in the token and not in the register`),
    ]
  }

  function add(family: Family, epoch: number, state: 'pre-active' | 'active'): Entry {
    const ref = { key: epochName(family, epoch), mechanism: options.mechanismFor(family) }
    if (token.names().has(ref.key))
      throw new AgentRefusal('keys.unsound', `the token holds a ${ref.key} that nobody made here`, 'conflict')
    token.create(ref)
    const at = now().toISOString()
    const origin: Origin = 'token'
    return change({
      ...ref,
      family,
      epoch,
      state,
      origin,
      createdAt: at,
      ...(state === 'active' ? { activatedAt: at } : {}),
      ...checkOf(token, ref),
    })
  }

  function change(entry: Entry): Entry {
    const others = entries.filter((each) => each.key !== entry.key)
    entries = [...others, entry].sort((a, b) => order(a) - order(b))
    save()
    return entry
  }

  function save(): void {
    const sealedBy = entries.find((entry) => entry.family === 'hk-register' && entry.state === 'active')
    if (!sealedBy) throw new Error('there is no active hk-register')
    const { number, hash } = journal.last()
    writeRegister(file, { entries, journal: { number, hash } }, sealedBy.key, seal)
  }

  /** Nothing is done that was not written down before, and its outcome after. */
  function journalled(role: string, operation: string, key: string, work: () => Entry): KeyEntry {
    journal.append({ role, operation, key, outcome: 'begun' })
    try {
      const entry = work()
      journal.append({ role, operation, key, outcome: 'done' })
      return tell(entry)
    } catch (error) {
      journal.append({ role, operation, key, outcome: error instanceof AgentRefusal ? 'refused' : 'failed' })
      throw error
    }
  }

  function named(key: string): Entry {
    const entry = entries.find((each) => each.key === key)
    if (!entry) throw new AgentRefusal('keys.unknown_key', `there is no key ${key}`, 'absent')
    return entry
  }

  function tell({ spki: _spki, ...entry }: Entry): KeyEntry {
    const days = options.rotationDays[entry.family] ?? families[entry.family].days
    const due = entry.state === 'active' && entry.activatedAt ? Date.parse(entry.activatedAt) + days * dayMs : undefined
    return {
      ...entry,
      use: families[entry.family].use,
      ...(due === undefined ? {} : { rotateBefore: new Date(due).toISOString() }),
    }
  }
}

function order({ family, epoch }: Entry): number {
  return familyNames.indexOf(family) * 1_000_000 + epoch
}

function refuseFaults(faults: string[]): void {
  if (faults.length > 0) throw new Error(`The token holds keys that must not be used: ${faults.join('; ')}`)
}
