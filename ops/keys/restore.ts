import { readFileSync } from 'node:fs'
import { readDump } from '#keys'
import type { Home } from '../appliance/home.ts'
import { holderOf } from '../appliance/lock.ts'
import { joinText, pendingRejoin } from '../appliance/rejoin.ts'
import { Trouble } from '../appliance/trouble.ts'
import { inWords } from './desk.ts'

/**
 * `countroom keys restore`, after data were restored from a backup: joins them with the newest data keys. Where nothing runs, the
 * next start does it, before it opens; where an appliance runs, it is done at once.
 */
export async function restoreKeys(home: Home, file: string, { json }: { json?: boolean }): Promise<void> {
  const done = await inWords(async () => {
    const text = read(file)
    const { deks, at } = readDump(text)
    if (holderOf(home)) return { joined: await joinText(home, text), at }
    home.write(pendingRejoin, text, 0o600)
    return { waiting: deks.length, at }
  })
  if (json) process.stdout.write(`${JSON.stringify(done)}\n`)
  else if (done.joined)
    process.stdout.write(`${done.joined.deks} data keys joined, ${done.joined.erased} of the erased removed.\n`)
  else
    process.stdout.write(
      `${done.waiting} data keys of ${done.at.toISOString()} wait; the next start joins them before it opens: npm start\n`,
    )
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Trouble(`The backup ${file} cannot be read.`, { setting: '<file>', remedy: `ls -l ${file}`, cause })
  }
}
