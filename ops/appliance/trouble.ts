import { dirname } from 'node:path'
import { Refusal } from '#base'

/**
 * Something the operator must set right: what is wrong, which setting or file it hangs on, and the command that helps.
 * Printed as one message without a stack; everything else thrown is a defect.
 */
export class Trouble extends Error {
  readonly setting: string
  readonly remedy: string
  readonly exitCode: number

  constructor(message: string, options: { setting: string; remedy: string; exitCode?: number; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Trouble'
    this.setting = options.setting
    this.remedy = options.remedy
    this.exitCode = options.exitCode ?? 1
  }
}

/** What a command answers that somebody broke off (128 + SIGINT, as shells have it). */
export const interruptedExitCode = 130

/** Somebody thought better of it. Nothing is wrong. */
export class BrokenOff extends Error {
  constructor(message = 'Nothing was changed.') {
    super(message)
    this.name = 'BrokenOff'
  }
}

/** What status, verify and logs answer when there is nothing to ask. */
export const nothingRunsExitCode = 3

/** What was refused, and of a key agent that is away the reason, which nobody but an operator is told. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (!isAgentAway(error) || !(error.cause instanceof Error)) return error.message
  return `${error.message.replace(/\.$/, '')}: ${error.cause.message}.`
}

export function isAgentAway(error: unknown): error is Refusal {
  return error instanceof Refusal && error.code === 'keys.unavailable'
}

/** Turns what the system says about files and disks into the operator's words; what it does not know stays as it is. */
export function asTrouble(error: unknown, home = '<home>'): unknown {
  if (isAgentAway(error))
    return new Trouble(wordsOf(error), {
      setting: error.code,
      remedy: 'npx countroom logs keys says why',
      cause: error,
    })
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException
  const words = code === undefined ? undefined : sayings[code]
  if (!words) return error
  const where = path ?? home
  return new Trouble(words.message(where), {
    setting: 'COUNTROOM_HOME (where the data live)',
    remedy: words.remedy(where),
    cause: error,
  })
}

const sayings: Record<string, { message(path: string): string; remedy(path: string): string }> = {
  ENOSPC: {
    message: (path) => `The disk is full (writing ${path}).`,
    remedy: (path) => `df -h ${dirname(path)}; df -i ${dirname(path)}`,
  },
  EDQUOT: { message: (path) => `The disk quota is used up (writing ${path}).`, remedy: () => 'quota -s' },
  EROFS: {
    message: (path) => `The file system of ${path} is read-only.`,
    remedy: (path) => `findmnt -T ${dirname(path)}`,
  },
  EACCES: { message: noPermission, remedy: (path) => `namei -l ${path}` },
  EPERM: { message: noPermission, remedy: (path) => `namei -l ${path}` },
  ENOTDIR: { message: (path) => `A part of ${path} is a file, not a folder.`, remedy: (path) => `namei -l ${path}` },
  EISDIR: { message: (path) => `${path} is a folder, not a file.`, remedy: (path) => `ls -ld ${path}` },
  EIO: { message: (path) => `The disk fails (${path}).`, remedy: () => 'dmesg | tail' },
}

function noPermission(path: string): string {
  return `No permission for ${path}.`
}

export function tell(error: unknown): string {
  if (error instanceof BrokenOff) return error.message
  const known = asTrouble(error)
  if (!(known instanceof Trouble)) return error instanceof Error ? (error.stack ?? error.message) : String(error)
  return [known.message, `  setting: ${known.setting}`, `  try:     ${known.remedy}`].join('\n')
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof BrokenOff) return interruptedExitCode
  return error instanceof Trouble ? error.exitCode : 1
}
