import { confirm } from '@clack/prompts'
import { Refusal } from '#base'
import { connectKeys, type DekDump, type JoinReport, type Keys, type KeysBackup, readDump } from '#keys'
import { readGiven } from '../appliance/given.ts'
import type { Home } from '../appliance/home.ts'
import { holderOf } from '../appliance/lock.ts'
import { joinText, pendingRejoin } from '../appliance/rejoin.ts'
import { agentSocket } from '../appliance/sockets.ts'
import { hasToken, withAgentAlone } from '../appliance/token.ts'
import { BrokenOff, Trouble } from '../appliance/trouble.ts'
import { answer, askVouchers } from './ask.ts'
import { atDesk, inWords } from './desk.ts'
import { takeShares } from './shares.ts'

type Options = { shares?: string[]; without?: string[]; json?: boolean }
type Brought = { imported: string[]; updated: string[] }
type Done = Brought & { joined?: JoinReport; waiting?: number; at: Date }

/**
 * `countroom keys restore`: into a token that is empty the keys come first, under a quorum of custodians. Then restored data are
 * joined with the newest data keys: by the next start, before it opens, or at once where an appliance runs, which two members of staff have to want.
 */
export async function restoreKeys(home: Home, file: string, options: Options): Promise<void> {
  const done = await inWords(async (): Promise<Done> => {
    const text = readGiven(file, 'backup', '<file>')
    const dump = readDump(text)
    const brought = hasToken(home) ? { imported: [], updated: [] } : await bringKeys(home, dump, options, 'alone')
    if (holderOf(home)) {
      await atDesk(home, (desk) => askVouchers(desk, 'join a backup of data keys with a running appliance'))
      return { ...brought, joined: await joinText(home, text), at: dump.at }
    }
    home.write(pendingRejoin, text, 0o600)
    return { ...brought, waiting: dump.deks.length, at: dump.at }
  })
  process.stdout.write(options.json ? `${JSON.stringify(done)}\n` : wordsOf(done))
}

/** `countroom keys join`: the same keys in the token of another node, or those that were made since it joined. */
export async function joinToken(home: Home, file: string, options: Options): Promise<void> {
  const done = await inWords(async () => {
    const dump = readDump(readGiven(file, 'backup', '<file>'))
    return { ...(await bringKeys(home, dump, options)), at: dump.at }
  })
  process.stdout.write(options.json ? `${JSON.stringify(done)}\n` : wordsOf(done))
}

/** Under a quorum; below the threshold nothing is opened, and nothing is imported before all of it is found sound. `alone`: no other node has these keys. */
async function bringKeys(
  home: Home,
  { agent, file }: DekDump,
  { shares, without = [] }: Options,
  alone?: 'alone',
): Promise<Brought> {
  if (agent === '')
    throw new Trouble('This backup has no keys in it: they were born in their token, and nobody has a copy.', {
      setting: '<file>',
      remedy: `restore the folder of the token, ${home.path('token')}; the next ceremony makes keys that can be restored`,
    })
  return withAgent(home, async (keys) => {
    const backup = JSON.parse(agent) as KeysBackup
    await takeShares(await keys.restoreBegin(backup, file), shares, (letters) => keys.restoreShare(letters))
    const finish = (given: string[]) => keys.restoreFinish(given, alone !== undefined)
    return finish(without).catch(async (error: unknown) => {
      if (!(error instanceof Refusal) || error.code !== 'keys.token_born' || !process.stdin.isTTY) throw error
      process.stdout.write(`${error.message}\n`)
      if (!(await answer(confirm({ message: 'Give them up? What only they open stays closed.', initialValue: false }))))
        throw new BrokenOff()
      return finish([...without, ...tokenBorn(backup)])
    })
  })
}

/** Keys that only the token they were born in has. */
function tokenBorn({ body }: KeysBackup): string[] {
  const { entries } = JSON.parse(body) as { entries: Array<{ key: string; state: string; copy?: object }> }
  return entries.filter(({ state, copy }) => state !== 'destroyed' && copy === undefined).map(({ key }) => key)
}

/** The agent of the running appliance; where none runs, an agent alone for as long as it takes. */
async function withAgent<T>(home: Home, work: (keys: Keys) => Promise<T>): Promise<T> {
  if (!holderOf(home)) return withAgentAlone(home, work)
  const keys = connectKeys({ socket: agentSocket(home, 'ops'), deadlineMs: 60_000 })
  try {
    return await work(keys)
  } finally {
    await keys.close()
  }
}

function wordsOf({
  imported,
  updated,
  joined,
  waiting,
  at,
}: Done | (Brought & { at: Date; joined?: undefined; waiting?: undefined })): string {
  const lines: string[] = []
  if (imported.length > 0) lines.push(`Brought into the token: ${imported.join(', ')}`)
  if (updated.length > 0) lines.push(`Brought to their state of ${at.toISOString()}: ${updated.join(', ')}`)
  if (joined) lines.push(`${joined.deks} data keys joined, ${joined.erased} of the erased removed.`)
  if (waiting !== undefined)
    lines.push(
      `${waiting} data keys of ${at.toISOString()} wait; the next start joins them before it opens. Next: npx countroom restore, where the data come from a backup (ops/runbooks/restore.md); else npm start`,
    )
  return `${lines.length > 0 ? lines.join('\n') : 'This token has all of it already.'}\n`
}
