import { chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { password, text } from '@clack/prompts'
import { Refusal } from '#base'
import type { RestoreStatus } from '#keys'
import { Trouble } from '../appliance/trouble.ts'
import { answer } from './ask.ts'

/** A share as it is handed out: whose it is, and the letters to keep. */
export type Share = { custodian: string; recovery: string; threshold: number; letters: string }

/** @throws Trouble when a share could not be handed out, before there is one */
export function refuseNoHands(out: string | undefined, custodians: readonly string[]): void {
  if (out === undefined && !process.stdin.isTTY)
    throw new Trouble('Shares are shown one by one on a terminal, and there is none.', {
      setting: '--out',
      remedy: 'run it in a terminal, or --out <folder> for one file per custodian',
    })
  const files = new Set(custodians.map(fileOf))
  const left = [...files]
    .map((file) => join(resolve(out ?? ''), file))
    .find((file) => out !== undefined && existsSync(file))
  if (left)
    throw new Trouble(`${left} is there already, from another ceremony.`, {
      setting: '--out',
      remedy: 'carry it to its custodian, or name another folder',
    })
  if (files.size !== custodians.length)
    throw new Trouble('Two custodians would have the same file.', {
      setting: '--custodians',
      remedy: 'give each a name of their own, in letters and digits',
    })
}

/** One file per custodian, mode 0400; answers the paths. They are carried to their custodians and removed there. */
export function writeShares(folder: string, shares: readonly Share[]): string[] {
  const path = resolve(folder)
  mkdirSync(path, { recursive: true, mode: 0o700 })
  return shares.map((share) => {
    const file = join(path, fileOf(share.custodian))
    writeFileSync(file, textOf(share), { mode: 0o400, flag: 'wx' })
    giveToCaller(file)
    return file
  })
}

/** Custodian after custodian comes to the screen alone, writes the share down and types its end back; then it is cleared. */
export async function showShares(shares: readonly Share[]): Promise<string[]> {
  for (const share of shares) {
    await answer(
      text({
        message: `${share.custodian} comes to the screen, everybody else leaves. Enter shows the share`,
        placeholder: 'Enter',
      }),
    )
    process.stdout.write(`${clear}${textOf(share)}\n`)
    const end = share.letters.split('-').at(-2) ?? ''
    await answer(
      text({
        message: 'Written down? Type the last group but one',
        validate: (typed) => (typed?.trim().toUpperCase() === end ? undefined : 'That is not how it ends; look again'),
      }),
    )
    process.stdout.write(clear)
  }
  return []
}

/**
 * Takes shares until there are enough: from files, or typed in by one custodian after the other. What is refused of what was typed
 * is said, and asked again; of files, nothing is.
 */
export async function takeShares(
  begun: RestoreStatus,
  files: readonly string[] | undefined,
  give: (letters: string) => Promise<RestoreStatus>,
): Promise<void> {
  let status = begun
  if (files) {
    for (const file of files) status = await give(lettersIn(file))
    return
  }
  if (!process.stdin.isTTY)
    throw new Trouble(`${begun.threshold} shares are needed, and nobody is there to give them.`, {
      setting: '--shares',
      remedy: 'run it in a terminal, or --shares <file>,<file>',
    })
  process.stdout.write(`Shares of ${begun.custodians.join(', ')}; ${begun.threshold} of them are needed.\n`)
  while (status.given.length < status.threshold) {
    const message = `Share ${status.given.length + 1} of ${status.threshold}: its custodian types it, others look away`
    const letters = await answer(password({ message }))
    status = await give(letters).catch((error: unknown) => {
      if (!(error instanceof Refusal)) throw error
      process.stdout.write(`  ${error.message}\n`)
      return status
    })
  }
}

/** As many shares as are needed, without looking at them: the agent does. */
export async function gatherShares(threshold: number, files: readonly string[] | undefined): Promise<string[]> {
  if (files) return files.map(lettersIn)
  const letters: string[] = []
  while (letters.length < threshold)
    letters.push(
      await answer(password({ message: `Share ${letters.length + 1} of ${threshold} of the present recovery key` })),
    )
  return letters
}

function textOf({ custodian, recovery, threshold, letters }: Share): string {
  return `Countroom, recovery key ${recovery}\nShare of ${custodian}; ${threshold} shares together restore the keys\n\nshare: ${letters}\n`
}

function lettersIn(file: string): string {
  try {
    const content = readFileSync(file, 'utf8')
    return /^share: (.*)$/m.exec(content)?.[1] ?? content.trim()
  } catch (cause) {
    throw new Trouble(`The share ${file} cannot be read.`, { setting: '--shares', remedy: `ls -l ${file}`, cause })
  }
}

function fileOf(custodian: string): string {
  return `${custodian.toLowerCase().replace(/[^a-z0-9.-]+/g, '_')}.share`
}

/** Under sudo the files belong to whoever asked, who carries them away. */
function giveToCaller(file: string): void {
  const [uid, gid] = [Number(process.env.SUDO_UID), Number(process.env.SUDO_GID)]
  if (process.getuid?.() === 0 && uid > 0 && statSync(file).uid === 0) chownSync(file, uid, gid)
}

/** The screen and what can be scrolled back to. */
const clear = '\u001b[2J\u001b[3J\u001b[H'
