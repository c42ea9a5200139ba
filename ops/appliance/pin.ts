import type { Settings } from './settings.ts'
import { Trouble } from './trouble.ts'

/** Asks whoever sits at the terminal; undefined where nobody does. */
export type AskPin = () => Promise<string | undefined>

/** The PIN of the token where the settings say that somebody types it. @throws Trouble when nobody answers */
export async function typedPin({ pkcs11 }: Settings, ask: AskPin | undefined): Promise<string | undefined> {
  if (pkcs11?.pin.from !== 'prompt') return undefined
  const pin = await ask?.()
  if (pin) return pin
  throw new Trouble('The PIN of the token is asked for at the terminal, and nobody answered.', {
    setting: 'pkcs11.pin in countroom.json',
    remedy: 'start at a terminal; or let the PIN come from a systemd credential or a file with mode 0400',
  })
}

/** Typed and not shown. */
export async function askPinHere(): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined
  const { password } = await import('@clack/prompts')
  const pin = await password({ message: 'PIN of the token' })
  return typeof pin === 'string' ? pin : undefined
}
