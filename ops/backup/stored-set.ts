import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Home } from '../appliance/home.ts'
import type { Users } from '../appliance/identity.ts'
import { Trouble } from '../appliance/trouble.ts'
import { pgbackrest } from './pgbackrest.ts'

/** A repository that is no folder, by its number. */
export type Storage = { home: Home; users: Users; repository: number; signal?: AbortSignal | undefined }

const folderThere = 'recovery'
const setName = 'recovery-set.json'
const isOfSet = (name: string) => name === setName || /^keys-[\w.-]+\.jsonl$/.test(name)

/** A recovery set in a folder, the backup of keys that was written with it, and those that nobody has removed, by name. */
export type Written = { folder: string; keys: string; kept: readonly string[] }

/**
 * Puts a recovery set and its backup of keys into the storage, as they are: they are sealed by themselves. A backup of keys that was removed goes there as
 * well, since an erased player's key must not outlive it; what another node has put there stays. Until all of the new is there, all of the old is.
 *
 * @throws Trouble when the storage does not take it
 */
export async function storeSet(storage: Storage, { folder, keys, kept }: Written): Promise<void> {
  for (const name of [keys, setName])
    await run(storage, 'repo-put', pathOf(name), { words: ['--raw'], input: readFileSync(join(folder, name)) })
  const gone = (await namesIn(storage)).filter((name) => name !== setName && !kept.includes(name))
  for (const name of gone) await run(storage, 'repo-rm', pathOf(name))
}

/** Brings what `storeSet` has put there into a folder. @throws Trouble when the storage has none */
export async function fetchSet(storage: Storage, into: Home): Promise<void> {
  const names = await namesIn(storage)
  if (!names.includes(setName))
    throw new Trouble(`Repository ${storage.repository} has no recovery set.`, {
      setting: '"backup" in countroom.json',
      remedy: 'npx countroom backup puts one there; ops/runbooks/backup.md',
    })
  for (const name of names) into.write(name, await run(storage, 'repo-get', pathOf(name), { words: ['--raw'] }), 0o600)
}

async function namesIn(storage: Storage): Promise<string[]> {
  const listed = await run(storage, 'repo-ls', folderThere, { words: ['--output=json'] })
  return Object.keys(JSON.parse(listed) as Record<string, unknown>).filter(isOfSet)
}

function run(
  { home, users, repository, signal }: Storage,
  command: string,
  path: string,
  { words = [], input }: { words?: string[]; input?: Buffer } = {},
): Promise<string> {
  return pgbackrest(home, users, command, { signal, path, input, words: [`--repo=${repository}`, ...words] })
}

function pathOf(name: string): string {
  return `${folderThere}/${name}`
}
