import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import * as audit from '#audit'
import { newId } from '#base'
import * as keys from '#keys'
import type { Home } from '../appliance/home.ts'
import { Trouble } from '../appliance/trouble.ts'
import { atDesk, type Desk } from './desk.ts'

/**
 * `countroom keys backup`: one file with the keys, sealed to the recovery key, and all wrapped data keys of one instant. It is kept
 * apart from the data and for a short time: an erased player's data key lives as long as the oldest of these files.
 */
export async function backUpKeys(home: Home, options: { out?: string; json?: boolean }): Promise<void> {
  const done = await writeKeysBackup(home, options.out ? resolve(options.out) : ownFolder(home))
  const { kept: _, ...told } = done
  if (options.json) process.stdout.write(`${JSON.stringify(told)}\n`)
  else {
    process.stdout.write(words(done))
    for (const path of done.removed) process.stdout.write(`  removed, too old: ${path}\n`)
  }
}

/** Writes a backup of keys into a folder, and removes those that are too old, wherever they lie; `kept`: those that may lie somewhere yet. */
export async function writeKeysBackup(
  home: Home,
  folder: string,
): Promise<Written & { removed: string[]; kept: string[] }> {
  return atDesk(home, async (desk) => {
    const written = await write(desk, folder)
    const removed = await removeOld(desk)
    const kept = await desk.sql<Array<{ path: string }>>`
      select path from keys.backups where removed_at is null and at >= ${oldest(desk)}`
    return { ...written, removed, kept: kept.map(({ path }) => path) }
  })
}

function words({ path, deks, epochs, unsealed, active }: Written): string {
  const lines = [`  ${path}`, `${deks} data keys, and of the keys that wrap them: ${epochs.join(', ') || 'none'}.`]
  if (unsealed.length > 0)
    lines.push(
      `Not in it, because they were born in the token: ${unsealed.join(', ')}.`,
      epochs.length === 0
        ? 'It opens only with this very token. npx countroom keys ceremony makes keys that can be restored.'
        : active.length > 0
          ? `Of these ${active.join(', ')} are active, and get a successor that can be restored: npx countroom keys ceremony --rotate-only`
          : 'None of these is active any more: each has a successor that is in it.',
    )
  return `${lines.join('\n')}\n`
}

/** Removes the files of backups that hold a key; answers those that could not be reached. */
export async function removeBackupsOf(desk: Desk, epoch: string): Promise<{ removed: string[]; unreached: string[] }> {
  return remove(desk, await holding(desk, epoch))
}

/** What `removeBackupsOf` would do. */
export async function backupsOf(desk: Desk, epoch: string): Promise<{ removed: string[]; unreached: string[] }> {
  const paths = (await holding(desk, epoch)).map(({ path }) => path)
  return { removed: paths.filter((path) => existsSync(path)), unreached: paths.filter((path) => !existsSync(path)) }
}

function holding({ sql }: Desk, epoch: string) {
  return sql<Array<{ backup: string; path: string }>>`
    select backup, path from keys.backups where removed_at is null and ${epoch} = any (epochs)`
}

type Written = {
  path: string
  epochs: string[]
  unsealed: string[]
  /** Of these, what is in use. */
  active: string[]
  deks: number
}

async function write(desk: Desk, folder: string): Promise<Written> {
  const { agent, sql } = desk
  makeFolder(folder)
  const at = new Date()
  const { recovery, sealed: epochs, unsealed } = await agent.statusOfCeremony()
  const sealed = recovery ? JSON.stringify(await agent.backup()) : ''
  const path = join(folder, `keys-${at.toISOString().replace(/[:.]/g, '')}.jsonl`)
  let by = ''
  const seal = async (digest: Buffer) => {
    const made = await agent.sealFile(digest)
    by = made.by
    return made
  }
  const deks = await writeLines(path, (lineOut) =>
    sql.begin('isolation level repeatable read read only', async (tx) => {
      const lines = keys.dumpDeks(tx, { at, agent: sealed, seal })
      for (;;) {
        const next = await lines.next()
        if (next.done) return next.value.deks
        lineOut(next.value)
      }
    }),
  )
  const backup = newId('kbk', at.getTime())
  await sql.begin(async (tx) => {
    await tx`
      insert into keys.backups (backup, path, at, epochs, deks) values (${backup}, ${path}, ${at}, ${[...epochs, by]}, ${deks})`
    await audit.record(tx, desk.command(), {
      action: 'keys.backup_written',
      subject: 'keys',
      detail: { backup, epochs, deks },
    })
  })
  const entries = await agent.list()
  const active = unsealed.filter((each) => entries.some(({ key, state }) => key === each && state === 'active'))
  return { path, epochs, unsealed, active, deks }
}

/** A file is whole or not there. */
async function writeLines<T>(path: string, work: (lineOut: (line: string) => void) => Promise<T>): Promise<T> {
  const descriptor = openSync(`${path}.new`, 'wx', 0o400)
  try {
    const result = await work((line) => writeSync(descriptor, line))
    fsyncSync(descriptor)
    renameSync(`${path}.new`, path)
    return result
  } catch (error) {
    rmSync(`${path}.new`, { force: true })
    throw error
  } finally {
    closeSync(descriptor)
  }
}

/** An erased player's key lives as long as the oldest backup of it. */
function oldest({ settings }: Desk): Date {
  return new Date(Date.now() - settings.keyBackupKeepDays * 86_400_000)
}

async function removeOld(desk: Desk): Promise<string[]> {
  const old = await desk.sql<Array<{ backup: string; path: string }>>`
    select backup, path from keys.backups where removed_at is null and at < ${oldest(desk)}`
  return (await remove(desk, old)).removed
}

async function remove(desk: Desk, backups: ReadonlyArray<{ backup: string; path: string }>) {
  const removed: string[] = []
  const unreached: string[] = []
  for (const { backup, path } of backups) {
    if (!existsSync(path)) {
      unreached.push(path)
      continue
    }
    rmSync(path)
    removed.push(path)
    await desk.sql.begin(async (tx) => {
      await tx`update keys.backups set removed_at = ${desk.command().now} where backup = ${backup}`
      await audit.record(tx, desk.command(), { action: 'keys.backup_removed', subject: 'keys', detail: { backup } })
    })
  }
  return { removed, unreached }
}

function ownFolder(home: Home): string {
  return home.path('backup/keys')
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    readdirSync(folder)
  } catch (cause) {
    throw new Trouble(`The backup cannot be written to ${folder}.`, {
      setting: '--out',
      remedy: `mkdir -p ${folder}`,
      cause,
    })
  }
}
