import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as audit from '#audit'
import { canonical, systemCommand, type Tx } from '#base'
import * as games from '#games'
import * as licences from '#licences'
import { watchClocks } from './clocks.ts'
import { type Host, transact } from './host.ts'
import { watchOutages } from './outages.ts'

type LivingHost = Pick<Host, 'sql' | 'log' | 'now' | 'config'>

/**
 * What a process writes down about itself: that it started and stopped, with what, and what it finds otherwise than when it
 * was last written down. A process that cannot write this down does not start.
 */
export async function begin(host: LivingHost, missing: () => Promise<string[]>): Promise<{ end(): Promise<void> }> {
  const process = host.config.name
  const state = { configuration: digestOf(host.config), version: versionOf() }
  await transact(host, async (tx) => {
    const command = systemCommand(process, host.now())
    await audit.record(tx, command, { action: 'host.started', subject: process, detail: { process, ...state } })
    await audit.recordState(tx, command, { action: 'host.configuration_changed', subject: process, state })
    await noteStates(tx, host)
  })
  const outages = watchOutages(host, missing)
  const clocks = watchClocks(host)
  return {
    async end() {
      outages.close()
      clocks.close()
      await transact(host, (tx) =>
        audit.record(tx, systemCommand(process, host.now()), {
          action: 'host.stopped',
          subject: process,
          detail: { process },
        }),
      ).catch((error: unknown) => host.log.error({ err: error }, 'the end goes untold'))
    },
  }
}

/**
 * Schema, licence and games as they are now, told where they changed since they were last told: none of them can be changed by
 * the application, so this is how the log hears of it [GLI-2.8.8h] [GLI-2.8.8i] [GLI-2.8.8k].
 */
async function noteStates(tx: Tx, { config, now }: Pick<LivingHost, 'config' | 'now'>): Promise<void> {
  const command = systemCommand(config.name, now())
  const [schema] = await tx<Array<{ count: number; last: string; all: string }>>`
    select count(*)::int as count, max(room || '/' || name) as last, string_agg(room || name || sha256, ',' order by room, number) as all
    from base.migrations`
  await audit.recordState(tx, command, {
    action: 'host.schema_changed',
    subject: 'schema',
    state: { migrations: schema!.count, digest: digestOf(schema!.all) },
  })
  const rules = await licences.rules(tx)
  await audit.recordState(tx, command, {
    action: 'licences.rules_changed',
    subject: rules.licence,
    state: { licence: rules.licence, rules },
  })
  await games.seeCatalogue(tx, command)
  const catalogue = games.catalogue()
  await audit.recordState(tx, command, {
    action: 'games.library_changed',
    subject: 'games',
    state: { games: catalogue.map(({ id, version }) => `${id} ${version}`).sort() },
  })
  for (const { id, version, sheet } of catalogue)
    await audit.recordState(tx, command, {
      action: 'games.parameters_changed',
      subject: id,
      state: { version, sheet: digestOf(sheet) },
    })
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex')
}

function versionOf(): string {
  const file = join(import.meta.dirname, '../../package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
