import { createHash } from 'node:crypto'
import type { Reader } from '#base'
import * as licences from '#licences'
import { passwordBreached, passwordTooShort, passwordWeak } from './errors.ts'
import { isGuessable } from './guessable.ts'
import type { PasswordScreen } from './ports.ts'

export type ChosenPassword = {
  password: string
  about: { email: string; name: string }
  /** Has the player a second factor? Then the password is not all there is, and may be shorter. */
  secondFactor: boolean
}

let screen: PasswordScreen = { words: [], breaches: undefined }

/** The host hands in at start what this casino is called and plays, and the operator's list of stolen passwords. */
export function providePasswordScreen(provided: PasswordScreen): void {
  screen = provided
}

/**
 * May somebody have this password (NIST SP 800-63B-4 3.1.1.2)? Long enough, counted in code points; none that is common, about
 * the person or the casino, or on the operator's list of stolen ones; nothing else is asked of it. Answers whether it may stand
 * alone, for one that may not needs a second factor as long as it lives.
 *
 * @throws Refusal `players.password_too_short`, `players.password_weak`, `players.password_breached`
 */
export async function judgePassword(reader: Reader, chosen: ChosenPassword): Promise<{ standsAlone: boolean }> {
  const rules = await licences.rules(reader)
  const min = chosen.secondFactor ? rules.passwordLengthMinWithFactor : rules.passwordLengthMin
  const password = chosen.password.normalize('NFC')
  const length = [...password].length
  if (length < min) throw passwordTooShort(min)
  if (await isGuessable(password, wordsOf(chosen.about))) throw passwordWeak()
  if (screen.breaches?.has(createHash('sha1').update(password).digest())) throw passwordBreached()
  return { standsAlone: length >= rules.passwordLengthMin }
}

function wordsOf({ email, name }: ChosenPassword['about']): string[] {
  const [local = '', domain = ''] = email.split('@')
  return [local, ...local.split(/[^\p{L}\p{N}]+/u), domain.split('.')[0] ?? '', ...name.split(/\s+/), ...screen.words]
}
