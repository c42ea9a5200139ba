import { readFileSync } from 'node:fs'
import { confirm, isCancel, password, text } from '@clack/prompts'
import * as staff from '#staff'
import { BrokenOff, Trouble } from '../appliance/trouble.ts'
import type { Desk } from './desk.ts'

const vouchersMin = 2

/** A slip is no reason to begin anew; but each wrong password counts, and at some number of them the account is closed for a while. */
const triesMax = 3

/** What two say yes to: in words for the console, and as the act that the desk may have approved (`core/host/key-acts.ts`). */
export type Wanted = { words: string; act: string; about: Record<string, unknown> }

/**
 * Two members of staff say yes: at the desk before, where the second signed exactly this with their passkey and `approval` names it;
 * or here, each with their password. Answers their ids; an approval is used up.
 *
 * @throws Refusal `staff.approval_absent` when it is not good for exactly this, and as `askVouchers`
 */
export async function askTwo(
  desk: Desk,
  { words, act, about }: Wanted,
  approval: string | undefined,
): Promise<string[]> {
  if (approval === undefined) return askVouchers(desk, words)
  const { acts } = await import('../../core/host/acts.ts')
  const used = await desk.sql.begin((tx) =>
    staff.useApproval(tx, desk.command(), acts, { proposal: approval, act, about }),
  )
  return [used.proposedBy, used.decidedBy]
}

/**
 * Two members of staff say yes, each with name and password. Where there is no terminal, they stand on the standard input as JSON:
 * `[{"login": "…", "password": "…"}, …]`. Answers their ids; a wrong password is remembered.
 */
export async function askVouchers(
  desk: Desk,
  act: string,
  permission: staff.Permission = 'keys.manage',
): Promise<string[]> {
  for (let tries = 1; ; tries++) {
    const credentials = process.stdin.isTTY ? await credentialsAsked(act) : credentialsGiven(act)
    const said = await desk.sql.begin((tx) => staff.vouch(tx, desk.command(), { act, permission, credentials }))
    if (!('refusal' in said)) return said.vouchers
    if (!process.stdin.isTTY || tries === triesMax || said.refusal.code !== 'staff.sign_in_refused') throw said.refusal
    process.stdout.write(`${said.refusal.message}\n`)
  }
}

/** Asks whether to do it, then for its name; `given` answers both where nobody can be asked. */
export async function askTwice(question: string, name: string, given: string | undefined): Promise<void> {
  if (given !== undefined || !process.stdin.isTTY) {
    if (given === name) return
    throw new Trouble(`${question} It has to be confirmed by name.`, {
      setting: '--confirm',
      remedy: `--confirm ${name}`,
    })
  }
  if ((await answer(confirm({ message: question, initialValue: false }))) !== true) throw new BrokenOff()
  if ((await answer(text({ message: `Type ${name} to go on` }))) !== name) throw new BrokenOff()
}

async function credentialsAsked(act: string): Promise<staff.Credential[]> {
  process.stdout.write(`To ${act}, two members of staff say yes.\n`)
  const credentials: staff.Credential[] = []
  for (let number = 1; number <= vouchersMin; number++)
    credentials.push({
      login: await answer(text({ message: `Member of staff ${number}, name` })),
      password: await answer(password({ message: `Member of staff ${number}, password` })),
    })
  return credentials
}

function credentialsGiven(act: string): staff.Credential[] {
  try {
    return JSON.parse(readFileSync(0, 'utf8')) as staff.Credential[]
  } catch (cause) {
    throw new Trouble(`To ${act}, two members of staff say yes, and nobody is there to ask.`, {
      setting: 'the standard input',
      remedy: 'run it in a terminal; or give [{"login": "…", "password": "…"}, {…}] on the standard input',
      cause,
    })
  }
}

/** What was answered. @throws BrokenOff on Ctrl-C */
export async function answer<T>(asked: Promise<T>): Promise<Exclude<T, symbol>> {
  const given = await asked
  if (isCancel(given)) throw new BrokenOff()
  return given as Exclude<T, symbol>
}
