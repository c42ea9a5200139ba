/**
 * Something the operator must set right: what is wrong, which setting or file it hangs on, and the command that helps.
 * Printed as one message without a stack; everything else thrown is a defect.
 */
export class Trouble extends Error {
  readonly setting: string | undefined
  readonly remedy: string | undefined

  constructor(message: string, options: { setting?: string; remedy?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Trouble'
    this.setting = options.setting
    this.remedy = options.remedy
  }
}

/** Turns what the system says about files and disks into the operator's words; what it does not know stays as it is. */
export function asTrouble(error: unknown): unknown {
  const { code, path } = error as NodeJS.ErrnoException
  const home = { setting: 'COUNTROOM_HOME (where the data live)' }
  if (code === 'ENOSPC')
    return new Trouble(`The disk is full${path ? ` (writing ${path})` : ''}.`, {
      ...home,
      remedy: 'df -h',
      cause: error,
    })
  if (code === 'EROFS')
    return new Trouble(`The file system of ${path} is read-only.`, { ...home, remedy: 'mount', cause: error })
  if (code === 'EACCES' || code === 'EPERM')
    return new Trouble(`No permission for ${path ?? (error as Error).message}.`, {
      ...home,
      remedy: `ls -ld ${path ?? '<home>'}`,
      cause: error,
    })
  return error
}

export function tell(error: unknown): string {
  const known = asTrouble(error)
  if (!(known instanceof Trouble)) return error instanceof Error ? (error.stack ?? error.message) : String(error)
  return [
    known.message,
    ...(known.setting ? [`  setting: ${known.setting}`] : []),
    ...(known.remedy ? [`  try:     ${known.remedy}`] : []),
  ].join('\n')
}
