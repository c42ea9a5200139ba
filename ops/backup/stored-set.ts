import { readdirSync, readFileSync } from 'node:fs'
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

/**
 * Puts the recovery set and the backups of keys of a folder into the storage, as they are: they are sealed by themselves. What the folder has no more
 * goes there as well, since an erased player's key must not outlive it. Until all of the new is there, all of the old is.
 *
 * @throws Trouble when the storage does not take it
 */
export async function storeSet(storage: Storage, folder: string): Promise<void> {
  const there = await namesIn(storage)
  const here = readdirSync(folder).filter(isOfSet)
  for (const name of here.filter((each) => each !== setName && !there.includes(each))) await put(name)
  await put(setName)
  for (const name of there.filter((each) => !here.includes(each))) await run(storage, 'repo-rm', pathOf(name))

  async function put(name: string): Promise<void> {
    await run(storage, 'repo-put', pathOf(name), { words: ['--raw'], input: readFileSync(join(folder, name)) })
  }
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
