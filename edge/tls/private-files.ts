import { realpathSync, type Stats, statSync } from 'node:fs'
import { sep } from 'node:path'

/** A secret that others may read is nobody's secret any more. What helps is said with it. */
export class OpenKey extends Error {}

/**
 * Refuses a file with a private key or a secret that anybody but this process's own user can read: mode 0400 or 0600 and ours, or
 * a credential that systemd handed to this service alone, in `$CREDENTIALS_DIRECTORY`.
 *
 * @throws OpenKey
 */
export function refuseOpenKey(file: string): void {
  const stat = statSync(file)
  if (isCredential(file)) return
  const mode = (stat.mode & 0o7777).toString(8).padStart(4, '0')
  if (mode !== '0400' && mode !== '0600')
    throw new OpenKey(`The private key ${file} has mode ${mode}; it must be 0400 or 0600: chmod 600 ${file}`)
  if (!isOurs(stat))
    throw new OpenKey(
      `The private key ${file} belongs to user ${stat.uid}, and this process is user ${process.geteuid?.()}: it must be its own.`,
    )
}

function isOurs({ uid }: Stats): boolean {
  return uid === process.geteuid?.()
}

/** systemd keeps others out of that folder, and the files in it may belong to root. */
function isCredential(file: string): boolean {
  const folder = process.env.CREDENTIALS_DIRECTORY
  return folder !== undefined && realpathSync(file).startsWith(realpathSync(folder) + sep)
}
