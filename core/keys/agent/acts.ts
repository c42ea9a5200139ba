import { join } from 'node:path'
import type { JournalLine } from '../journal.ts'
import { familyNames } from './catalogue.ts'
import { risenIn, strangersIn } from './checks.ts'
import type { Journal } from './journal.ts'
import { AgentRefusal } from './refusal.ts'
import {
  type Entry,
  type ReadRegister,
  type Register,
  readRegister,
  remainsOf,
  type State,
  writeRegister,
} from './register.ts'
import type { KeyRef, Token } from './token.ts'

/** Acts on keys: each is in three places, journal, token and register, and a death between two of them leaves nothing half done. */
export type Acts = {
  state(): State
  /** Puts a new state on the disk. */
  change(next: State): void
  /** Brings to its end what was begun and has no outcome, or takes it back. */
  settle(): void
  /** Does something to the keys that is written in the journal before and after; `change` puts the new state on the disk. */
  manage<T>(role: string, operation: string, key: string, work: (change: (next: State) => void) => T): T
}

/** What may leave keys in the token that the register does not know, when it fails or ends in the middle. */
const making = new Set(['create', 'ceremony', 'restore-finish'])

/**
 * Opens the register, believes it where token and journal bear it out, and settles what an earlier agent left. Where there is none, `first`
 * makes it.
 *
 * @throws Error that names what is wrong
 */
export function openActs(
  { token, journal, stateDir }: { token: Token; journal: Journal; stateDir: string },
  first: () => readonly Entry[],
): Acts {
  const file = join(stateDir, 'register.json')
  const read = readRegister(file)
  let state: State = read ? believed(read) : { entries: first() }
  if (!read) change(state)
  settle()
  takeOutFailed()
  return { state: () => state, change, settle, manage }

  function believed({ register, isSealed }: ReadRegister): Register {
    const names = token.names()
    const missing = register.entries.filter((entry) => entry.state !== 'destroyed' && !names.has(entry.key))
    if (missing.length > 0)
      throw new Error(
        `The token is not the one this register belongs to, or lost keys: it lacks ${missing.map(({ key }) => key).join(', ')}.`,
      )
    if (!isSealed(seal)) throw new Error(`The register ${file} was changed by somebody else, or its key was replaced.`)
    const { number, hash } = register.journal
    if (number > 0 && journal.lines(number - 1, 1)[0]?.hash !== hash)
      throw new Error(`The journal lacks line ${number}, which the register knows: it was cut or replaced.`)
    return register
  }

  function settle(): void {
    const line = journal.unfinished()
    if (!line) return
    const { role, operation, key } = line
    const reached = clear(line, (name) => operation !== 'create' || name === key)
    journal.append({ role, operation, key, outcome: reached ? 'done' : 'interrupted' })
  }

  /** Leaves of an act in the token what the register on the disk says of it; answers whether that has it. */
  function clear({ number, operation }: JournalLine, isOfIt: (name: string) => boolean): boolean {
    const read = readRegister(file)
    const reached = read !== undefined && read.register.journal.number >= number
    if (reached) state = believed(read)
    const wrong = reached
      ? risenIn(token, state.entries)
      : making.has(operation)
        ? strangersIn(token, state.entries).filter(isOfIt)
        : []
    for (const name of wrong) token.destroy(name)
    return reached
  }

  /** An earlier version left keys whose making had failed; they were never of use to anybody. */
  function takeOutFailed(): void {
    const failed = journal
      .lines(0, journal.last().number)
      .filter(({ operation, outcome }) => making.has(operation) && outcome === 'failed')
      .map(({ key }) => key)
    for (const name of strangersIn(token, state.entries)) if (failed.includes(name)) token.destroy(name)
  }

  function change(next: State): void {
    const entries = next.entries.map(remainsOf).toSorted((a, b) => order(a) - order(b))
    const { number, hash } = journal.last()
    const register = { ...next, entries, journal: { number, hash } }
    writeRegister(file, register, seal)
    state = register
  }

  function seal(name: string, content: Buffer): Buffer {
    const ref: KeyRef = { key: name, mechanism: 'hmac-sha256' }
    return token.mac(ref, content)
  }

  /** Nothing is done that was not written down before, and its outcome after; what fails leaves no key behind. */
  function manage<T>(role: string, operation: string, key: string, work: (change: (next: State) => void) => T): T {
    settle()
    const line = journal.append({ role, operation, key, outcome: 'begun' })
    const before = making.has(operation) ? token.names() : new Set<string>()
    let result: T
    try {
      result = work(change)
    } catch (error) {
      try {
        const reached = clear(line, (name) => !before.has(name))
        const outcome = reached ? 'done' : error instanceof AgentRefusal ? 'refused' : 'failed'
        journal.append({ role, operation, key, outcome })
      } catch {} // it stays begun, and the next act or the next agent settles it
      throw error
    }
    journal.append({ role, operation, key, outcome: 'done' })
    return result
  }
}

function order({ family, epoch }: Entry): number {
  return familyNames.indexOf(family) * 1_000_000 + epoch
}
