import { numberArray, type Reader, type Tx, textArray } from '#base'
import { moneyFrozen } from './errors.ts'

/** The newest batch of a lane's chain, which its digest says everything about; the digest in hex. */
export type Head = { lane: number; batch: bigint; digest: string }

/** One transfer that was answered. */
export type Receipt = { wallet: bigint; key: string; transfer: bigint }

/** What was seen and is not there any more: a head whose batch is missing or another, or a transfer. */
export type Break = (Head & { found: string | null }) | (Receipt & { found: string | null })

export type Freeze = { at: Date; by: string; evidence: unknown; liftedAt: Date | null; reason: string | null }

/** The chains as they are now, what of earlier sights is not in them, and the last freeze. */
export async function compareHeads(
  reader: Reader,
  marks: readonly Head[],
  receipts: readonly Receipt[],
): Promise<{ heads: Head[]; breaks: Break[]; freeze: Pick<Freeze, 'at' | 'liftedAt'> | undefined }> {
  const rows = await reader<Array<Head & { marked: bigint | null; mark: string | null; found: string | null }>>`
    select l.lane, l.batch, encode(l.digest, 'hex') as digest, m.batch as marked, m.digest as mark,
      encode(case when m.batch = l.batch then l.digest else b.digest end, 'hex') as found
    from ledger.lanes l
    left join unnest(
      ${numberArray(marks.map(({ lane }) => lane))}::text::smallint[], ${numberArray(marks.map(({ batch }) => batch))}::text::bigint[],
      ${textArray(marks.map(({ digest }) => digest))}::text::text[]) as m (lane, batch, digest) on m.lane = l.lane
    left join ledger.batches b on b.lane = m.lane and b.batch = m.batch
    where l.batch > 0 or m.lane is not null`
  const lost = await reader<Array<Receipt & { found: string | null }>>`
    select r.wallet, r.key, r.transfer, t.transfer::text as found
    from unnest(
      ${numberArray(receipts.map(({ wallet }) => wallet))}::text::bigint[], ${textArray(receipts.map(({ key }) => key))}::text::text[],
      ${numberArray(receipts.map(({ transfer }) => transfer))}::text::bigint[]) as r (wallet, key, transfer)
    left join ledger.transfers t on t.wallet = r.wallet and t.key = r.key
    where t.transfer is distinct from r.transfer`
  const [freeze] = await reader<Array<Pick<Freeze, 'at' | 'liftedAt'>>>`
    select at, lifted_at as "liftedAt" from ledger.freezes order by number desc limit 1`
  const broken = rows
    .filter(({ mark, found }) => mark !== null && found !== mark)
    .map(({ lane, marked, mark, found }) => ({ lane, batch: marked!, digest: mark!, found }))
  const heads = rows.filter(({ batch }) => batch > 0n).map(({ lane, batch, digest }) => ({ lane, batch, digest }))
  return { heads, breaks: [...broken, ...lost], freeze }
}

/** Takes every lane, so that nobody books; false where one stands already. Waits for the batches that are under way. */
export async function freeze(tx: Tx, found: { at: Date; by: string; evidence: unknown }): Promise<boolean> {
  const stands = await tx`
    insert into ledger.freezes (at, found_by, evidence) values (${found.at}, ${found.by}, ${tx.json(found.evidence as never)})
    on conflict do nothing`
  if (stands.count === 0) return false
  await tx`update ledger.lanes set holder = 'frozen', leased_until = 'infinity'`
  return true
}

/** Somebody answers for the books as they are: money moves again. False where nothing was frozen. */
export async function lift(tx: Tx, { at, by, reason }: { at: Date; by: string; reason: string }): Promise<boolean> {
  const lifted = await tx`
    update ledger.freezes set lifted_at = ${at}, lifted_by = ${by}, reason = ${reason} where lifted_at is null`
  if (lifted.count === 0) return false
  await tx`
    update ledger.lanes set holder = '', leased_until = case when lane > 0 then '-infinity' else 'infinity' end::timestamptz
    where holder = 'frozen'`
  return true
}

export async function isFrozen(reader: Reader): Promise<boolean> {
  const [row] = await reader`select from ledger.freezes where lifted_at is null`
  return row !== undefined
}

/** For what moves money outside the books, where no lane would refuse it. @throws Refusal `ledger.frozen` */
export async function refuseWhileFrozen(reader: Reader): Promise<void> {
  if (await isFrozen(reader)) throw moneyFrozen()
}

/** All there ever were, the newest first. */
export async function freezes(reader: Reader): Promise<Freeze[]> {
  return await reader<Freeze[]>`
    select at, found_by as by, evidence, lifted_at as "liftedAt", reason from ledger.freezes order by number desc`
}
