import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import * as audit from '#audit'
import { systemCommand } from '#base'
import * as licences from '#licences'
import type { Sql } from '../../core/host/database.ts'
import type { Home } from '../appliance/home.ts'
import { connect } from '../appliance/postgres.ts'
import { Trouble } from '../appliance/trouble.ts'

type Archived = { events: number; file?: string; sha256?: string; before?: string }

/** `countroom audit archive`: exit code 0 also when nothing is old enough. */
export async function archiveAudit(home: Home, file: string, options: { json?: boolean }): Promise<void> {
  const done = await archive(home, file)
  if (options.json) process.stdout.write(`${JSON.stringify(done)}\n`)
  else if (done.events === 0) process.stdout.write('Nothing is old enough to be archived.\n')
  else
    process.stdout.write(
      `Archived ${done.events} events of before ${done.before} to ${done.file}\nsha256 ${done.sha256}\n` +
        'Keep the file where backups are kept. Proofs of what remains still hold; it can be held against the log by its leaves.\n',
    )
}

async function archive(home: Home, file: string): Promise<Archived> {
  const sql = connect(home, 'owner') // the application's own role may take nothing out
  return await archiveInto(sql, file, new Date()).finally(() => sql.end({ timeout: 5 }))
}

/**
 * The file is whole and on disk before anything is taken out; what is interrupted in between is taken out by the next archive, and
 * stands in two files then.
 *
 * @throws Trouble when the file cannot be written
 */
export async function archiveInto(owner: Sql, file: string, now: Date): Promise<Archived> {
  const { auditMonthsKept } = await licences.rules(owner)
  const span = await audit.archiveSpan(owner, now, auditMonthsKept)
  if (!span) return { events: 0 }
  const { events, sha256 } = await write(file, audit.archiveLines(owner, span))
  for (let rest: audit.ArchiveSpan | undefined = span; rest; ) {
    const part: audit.ArchiveSpan = rest
    rest = (await owner.begin((tx) =>
      audit.archive(tx, systemCommand('countroom audit archive', now), part, { name: basename(file), digest: sha256 }),
    )) as audit.ArchiveSpan | undefined
  }
  return { events, file, sha256, before: span.before.toISOString() }
}

async function write(path: string, lines: AsyncGenerator<string>): Promise<{ events: number; sha256: string }> {
  const file = await open(path, 'wx', 0o600).catch((error: Error) => {
    throw new Trouble(`The archive cannot be written: ${error.message}`, {
      setting: path,
      remedy: 'name a file that does not exist yet, in a folder you may write to',
      cause: error,
    })
  })
  const digest = createHash('sha256')
  let events = 0
  try {
    for await (const part of lines) {
      digest.update(part)
      events += part.split('\n').length - 1
      await file.appendFile(part)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return { events, sha256: digest.digest('hex') }
}
