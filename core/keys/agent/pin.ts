import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import type { PinSource } from './config.ts'

/**
 * The PIN, from where the configuration says: a systemd credential, a file that its owner alone may read, or whoever
 * sits at the terminal. @throws Error when a file is open wider than 0400, or there is no PIN
 */
export async function readPin(source: PinSource): Promise<string> {
  const pin = source.from === 'prompt' ? await ask() : readFileSync(fileOf(source), 'utf8').trim()
  if (pin === '') throw new Error('The PIN is empty.')
  return pin
}

function fileOf(source: Exclude<PinSource, { from: 'prompt' }>): string {
  if (source.from === 'file') {
    const mode = statSync(source.file).mode & 0o777
    if ((mode & ~0o400) !== 0)
      throw new Error(`The PIN file ${source.file} has mode ${mode.toString(8)}; run: chmod 400 ${source.file}`)
    return source.file
  }
  const folder = process.env.CREDENTIALS_DIRECTORY // systemd gives it, readable by this service only
  if (!folder)
    throw new Error(`There is no systemd credential ${source.name}: the service has no LoadCredential for it.`)
  return join(folder, source.name)
}

async function ask(): Promise<string> {
  process.stderr.write('PIN of the token: ')
  const terminal = process.stdin.isTTY
  if (terminal) process.stdin.setRawMode(false)
  const lines = createInterface({ input: process.stdin, terminal: false })
  const pin = await lines[Symbol.asyncIterator]().next()
  lines.close()
  return pin.done ? '' : pin.value.trim()
}
