import { chownSync, readdirSync } from 'node:fs'
import { systemCommand } from '#base'
import { connectKeys, ensureCertificates } from '#keys'
import * as staff from '#staff'
import { jobs } from '../../core/host/jobs/index.ts'
import { migrate } from '../../core/host/migrations.ts'
import { installQueue } from '../../core/host/queue.ts'
import type { Home } from './home.ts'
import type { Identity } from './identity.ts'
import { leavesOf } from './nodes.ts'
import { addressOf, connect } from './postgres.ts'
import type { Settings } from './settings.ts'

/** Brings the database up to the code, as its owner. Answers what was applied. */
export async function bringUpSchema(home: Home): Promise<string[]> {
  const owner = connect(home, 'owner')
  try {
    const { applied } = await migrate(owner)
    await installQueue(owner, addressOf(home, 'owner'), jobs)
    return applied
  } finally {
    await owner.end({ timeout: 5 })
  }
}

/** Issues what is missing or grows old; answers the names. */
export async function bringUpCertificates(
  home: Home,
  settings: Settings,
  owner: Identity | undefined,
): Promise<string[]> {
  const keys = connectKeys({ socket: home.path('run/keys-ops.sock') })
  try {
    const issued = await ensureCertificates(keys, home.path('tls'), leavesOf(settings))
    if (owner) for (const file of readdirSync(home.path('tls'))) chownSync(home.path('tls', file), owner.uid, owner.gid)
    return issued
  } finally {
    await keys.close()
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
