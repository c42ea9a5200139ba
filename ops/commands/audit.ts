import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Command } from 'commander'
import * as audit from '#audit'
import { systemCommand } from '#base'
import { connectKeys, type Keys } from '#keys'
import { connect } from '../appliance/postgres.ts'
import { knownHome, runningCard } from '../appliance/running.ts'
import { readSettings } from '../appliance/settings.ts'
import { agentSocket } from '../appliance/sockets.ts'
import { print } from './print.ts'

type Options = { json?: boolean }

/**
 * `countroom audit`: what a stranger needs to verify the log: its key, and all of it as a file; and taking out what is past the
 * years of the licence.
 */
export function auditCommand(): Command {
  return new Command('audit')
    .description('hand the audit log to somebody who verifies it; archive what is old')
    .addCommand(
      new Command('key')
        .description(
          "print the log's keys as verifier keys, the newest last, each with the size it signs from: hand them over on paper",
        )
        .option('--json', 'for machines')
        .action(async ({ json }: Options) => {
          const keys = (await keysOf()).map(audit.vkeyLineOf)
          print(json, { keys }, keys.map((key) => `${key}\n`).join(''))
        }),
    )
    .addCommand(
      new Command('handovers')
        .description(
          'print how each key of the log handed it over to the next, signed: for who trusts an older one and verifies a single bet',
        )
        .option('--json', 'for machines')
        .action(async ({ json }: Options) => {
          await withLog(async (sql, home) => {
            const newest = await audit.keptCheckpoint(sql)
            if (!newest) throw audit.notSealed()
            const handovers = await withKeys(home, (keys) => audit.handovers(keys, newest.origin))
            print(json, { handovers }, handovers.join(''))
          })
        }),
    )
    .addCommand(
      new Command('export-bundle')
        .description('write the whole log for ops/verifier/verify-audit-log.mjs; that it was taken is written down')
        .argument('<file>', 'the file to make')
        .option('--json', 'for machines')
        .action(exportBundle),
    )
    .addCommand(
      new Command('checkpoint')
        .description('print the newest checkpoint with its signatures: keep it elsewhere')
        .option('--json', 'for machines')
        .action(async ({ json }: Options) => {
          await withLog(async (sql, home) => {
            const newest = await audit.keptCheckpoint(sql)
            if (!newest) throw audit.notSealed()
            const checkpoint = await audit.publishedNote(sql, newest, witnessesOf(home))
            print(json, { checkpoint }, checkpoint)
          })
        }),
    )
    .addCommand(
      new Command('vouch')
        .description(
          'after a restore of the database: say that this is the log to go on from; it is written in the journal of keys',
        )
        .argument('<name>', 'the name of the log, as countroom audit checkpoint prints it first')
        .option('--json', 'for machines')
        .action(vouch),
    )
    .addCommand(
      new Command('archive')
        .description(
          'write events that are past the years of the licence to a file, then take them out of the database',
        )
        .argument('<file>', 'a new file, to be kept where backups are kept')
        .option('--json', 'for machines')
        .action(async (file: string, options: { json?: boolean }) => {
          const home = knownHome()
          runningCard(home)
          return (await import('../audit/archive.ts')).archiveAudit(home, file, options)
        }),
    )
}

async function exportBundle(file: string, { json }: Options): Promise<void> {
  await withLog(async (sql, home) => {
    const bundle = await withKeys(home, (keys) => audit.bundleOf(sql, { witnesses: witnessesOf(home), keys }))
    if (!bundle) throw audit.notSealed()
    await sql.begin((tx) =>
      audit.record(tx, systemCommand('countroom audit'), {
        action: 'audit.exported',
        subject: 'log',
        detail: { format: 'bundle' },
      }),
    )
    await pipeline(Readable.from(audit.bundleLines(sql, bundle)), createWriteStream(file, { mode: 0o600, flush: true }))
    const { size, origin } = bundle
    print(json, { file, size, origin }, `${size} entries of ${origin} in ${file}\n`)
  })
}

/** The key agent signs no log that contradicts what it signed; here somebody answers for the one that is there now. */
async function vouch(name: string, { json }: Options): Promise<void> {
  await withLog(async (sql, home) => {
    const newest = await audit.keptCheckpoint(sql)
    if (newest && newest.origin !== name) throw new Error(`This log is called ${newest.origin} and not ${name}.`)
    await withKeys(home, (keys) => keys.beginLog(name))
    const size = newest?.size ?? 0
    print(
      json,
      { origin: name, size },
      `${name} goes on from ${size} leaves. Witnesses will say that it forked: tell them why.\n`,
    )
  })
}

function witnessesOf(home: ReturnType<typeof knownHome>): audit.NoteKey[] {
  return readSettings(home).logWitnesses.map(({ vkey }) => audit.readVkey(vkey))
}

/** From the token, where nobody at the database can put another. */
async function keysOf(): Promise<audit.NoteKey[]> {
  return withLog(async (sql, home) => {
    const newest = await audit.keptCheckpoint(sql)
    if (!newest) throw audit.notSealed()
    return await withKeys(home, (keys) => audit.ownKeys(keys, newest.origin))
  })
}

async function withKeys<T>(home: ReturnType<typeof knownHome>, work: (keys: Keys) => Promise<T>): Promise<T> {
  const keys = connectKeys({ socket: agentSocket(home, 'ops') })
  return await work(keys).finally(() => keys.close())
}

async function withLog<T>(
  work: (sql: ReturnType<typeof connect>, home: ReturnType<typeof knownHome>) => Promise<T>,
): Promise<T> {
  const home = knownHome()
  runningCard(home)
  const sql = connect(home, 'app')
  return await work(sql, home).finally(() => sql.end({ timeout: 5 }))
}
