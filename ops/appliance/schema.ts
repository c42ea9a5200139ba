import { systemCommand } from '#base'
import * as staff from '#staff'
import { compareSchema, migrate } from '../../core/host/migrations.ts'
import type { Home } from './home.ts'
import { addressOf, connect } from './postgres.ts'
import { Trouble } from './trouble.ts'

/** Brings the database up to the code, as its owner. Answers what was applied. @throws Trouble when it is newer */
export async function bringUpSchema(home: Home): Promise<string[]> {
  const owner = connect(home, 'owner')
  try {
    return (await owner.begin(async (alone) => {
      await alone`select pg_advisory_xact_lock(hashtext('countroom.schema'))` // the nodes of a cluster start together
      await refuseForeignSchema(home, owner)
      const { applied } = await migrate(owner)
      // What jobs need is large; a start that is refused before this never loads it.
      const { installQueue } = await import('../../core/host/queue.ts')
      const { jobs } = await import('../../core/host/jobs/index.ts')
      await installQueue(owner, addressOf(home, 'owner'), jobs)
      return applied
    })) as string[]
  } finally {
    await owner.end({ timeout: 5 })
  }
}

/** Has this database been used, whatever the home says? Then its token must never be made anew. */
export async function isInUse(home: Home): Promise<boolean> {
  const owner = connect(home, 'owner')
  try {
    const [table] = await owner<Array<{ there: boolean }>>`select to_regclass('keys.deks') is not null as there`
    if (!table?.there) return false
    const [deks] = await owner<Array<{ there: boolean }>>`select exists (select from keys.deks) as there`
    return deks?.there === true
  } finally {
    await owner.end({ timeout: 5 })
  }
}

/** The one-time secret for the first member of staff; undefined once there is one. */
export async function offerFirstEnrolment(home: Home): Promise<string | undefined> {
  const sql = connect(home, 'app')
  try {
    return await sql.begin(async (tx) => {
      if (await staff.hasMembers(tx)) return undefined
      return (await staff.enrolmentLink(tx, systemCommand('countroom up'), { role: 'administrator' })).secret
    })
  } finally {
    await sql.end({ timeout: 5 })
  }
}

async function refuseForeignSchema(home: Home, owner: Parameters<typeof compareSchema>[0]): Promise<void> {
  const { newer, changed } = await compareSchema(owner)
  if (newer.length > 0)
    throw new Trouble(
      `The database's schema is newer than this code: it has ${newer.join(', ')}, which this version does not know.`,
      {
        setting: home.path('pg'),
        remedy: 'check out the newer version and npm start; or restore the backup taken before the upgrade',
      },
    )
  if (changed.length > 0)
    throw new Trouble(`Migrations were applied with other contents than they have now: ${changed.join(', ')}.`, {
      setting: 'core/*/sql',
      remedy: 'git checkout -- core, then npm start; migrations never change',
    })
}
