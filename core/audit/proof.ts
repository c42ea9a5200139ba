import type { Reader } from '#base'

export type AuditProof = { ok: boolean; count: bigint; firstBad?: string }

/**
 * Reads every event in constant memory and holds its columns against its entry, and each event that waits to be sealed
 * against the table, and what was archived against what the log says of it. Names the first that does not fit.
 */
export async function verify(reader: Reader): Promise<AuditProof> {
  let count = 0n
  const rows = reader<Array<{ id: string; sound: boolean }>>`
    select id, at = (entry::jsonb ->> 'at')::timestamptz and row (id::text, code, outcome, actor_kind, actor, subject, request_id) =
      row (entry::jsonb ->> 'id', entry::jsonb ->> 'code', entry::jsonb ->> 'outcome', entry::jsonb #>> '{actor,kind}',
        entry::jsonb #>> '{actor,id}', entry::jsonb ->> 'subject', entry::jsonb ->> 'requestId')
      and player is not distinct from entry::jsonb ->> 'player' and (sealed is not null) = entry::jsonb ? 'personal'
      and audit.is_event(entry::jsonb) as sound
    from audit.events order by id`.cursor(1000)
  for await (const page of rows)
    for (const row of page) {
      if (!row.sound) return { ok: false, count, firstBad: `event ${row.id} was changed` }
      count++
    }
  const [lost] = await reader<Array<{ event: string }>>`
    select event from audit.unsealed u where not exists (select 1 from audit.events e where e.id = u.event) order by event limit 1`
  const [horizon] = await reader<Array<{ told: boolean }>>`
    select index = coalesce((select max((entry::jsonb #>> '{detail,upTo}')::bigint) from audit.events where code = 'audit.archived'), 0)
      as told from audit.horizon`
  const [young] = await reader<Array<{ id: string }>>`
    select id from audit.events where code = 'audit.archived'
      and coalesce((entry::jsonb #>> '{detail,before}')::timestamptz > (entry::jsonb ->> 'at')::timestamptz - interval '12 months', true) limit 1`
  if (young)
    return { ok: false, count, firstBad: `event ${young.id} says that younger ones than twelve months were archived` }
  if (!horizon?.told) return { ok: false, count, firstBad: 'entries are missing that no event says were archived' }
  return lost ? { ok: false, count, firstBad: `event ${lost.event} is missing` } : { ok: true, count }
}
