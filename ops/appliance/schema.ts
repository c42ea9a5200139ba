import { createHash, X509Certificate } from 'node:crypto'
import { chownSync, readdirSync, readFileSync } from 'node:fs'
import { systemCommand } from '#base'
import { connectKeys, ensureCertificates } from '#keys'
import * as staff from '#staff'
import { compareSchema, migrate } from '../../core/host/migrations.ts'
import { damaged, fingerprintOf, type Home, isInstalled } from './home.ts'
import type { Identity } from './identity.ts'
import { leavesOf } from './nodes.ts'
import { addressOf, connect } from './postgres.ts'
import type { Settings } from './settings.ts'
import { Trouble } from './trouble.ts'

/** Brings the database up to the code, as its owner. Answers what was applied. @throws Trouble when it is newer */
export async function bringUpSchema(home: Home): Promise<string[]> {
  const owner = connect(home, 'owner')
  try {
    await refuseForeignSchema(home, owner)
    const { applied } = await migrate(owner)
    // What jobs need is large; a start that is refused before this never loads it.
    const { installQueue } = await import('../../core/host/queue.ts')
    const { jobs } = await import('../../core/host/jobs/index.ts')
    await installQueue(owner, addressOf(home, 'owner'), jobs)
    return applied
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

/** Issues what is missing or grows old; answers the names. @throws Trouble when the token is not the one installed */
export async function bringUpCertificates(
  home: Home,
  settings: Settings,
  owner: Identity | undefined,
): Promise<{ issued: string[]; fingerprint: string }> {
  const keys = connectKeys({ socket: home.path('run/keys-ops.sock') })
  try {
    const spki = (await keys.publicKey('sk-ca-root')).export({ format: 'der', type: 'spki' })
    const fingerprint = createHash('sha256').update(spki).digest('hex')
    refuseForeignToken(home, fingerprint)
    const issued = await ensureCertificates(keys, home.path('tls'), leavesOf(settings))
    if (owner) for (const file of readdirSync(home.path('tls'))) chownSync(home.path('tls', file), owner.uid, owner.gid)
    return { issued, fingerprint }
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

/** A token that is empty or another's would be given new keys, and nothing sealed under the old ones would open again. */
function refuseForeignToken(home: Home, fingerprint: string): void {
  if (!isInstalled(home)) return
  const expected = fingerprintOf(home) ?? fingerprintOfAuthority(home)
  if (expected && expected !== fingerprint)
    throw damaged(home, `the token in ${home.path('token')} is not the one it was installed with`, home.path('token'))
}

function fingerprintOfAuthority(home: Home): string | undefined {
  if (!home.has('tls/ca.pem')) return undefined
  const { publicKey } = new X509Certificate(readFileSync(home.path('tls/ca.pem')))
  return createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest('hex')
}
