import type { Reader } from '#base'
import type { Permission } from './policy.ts'

/** Notes what a member of staff used their permissions for; to the hour, so that a busy day is not a row written all the time. */
export async function noteUses(reader: Reader, staff: string, used: readonly Permission[], now: Date): Promise<void> {
  if (used.length === 0) return
  const hourAgo = new Date(now.getTime() - 3_600_000)
  await reader`
    insert into staff.uses (staff, permission, used_at)
    select ${staff}, permission, ${now} from unnest(${used as Permission[]}::text[]) as permission
    on conflict (staff, permission) do update set used_at = excluded.used_at where staff.uses.used_at < ${hourAgo}`
}
