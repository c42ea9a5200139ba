import type { Reader } from '#base'

/** A lane this process may use until the lease ends; the holder's name stands in every batch. */
export type Lease = { lane: number; holder: string }

export const leaseSecondsMax = 30

/** Leases a free lane, or none. Two processes never get the same one: the row decides. */
export async function leaseLane(reader: Reader, holder: string): Promise<Lease | undefined> {
  const [row] = await reader<Array<{ lane: number }>>`
    update ledger.lanes set holder = ${holder}, leased_until = clock_timestamp() + make_interval(secs => ${leaseSecondsMax})
    where lane = (
      select lane from ledger.lanes where lane > 0 and leased_until < clock_timestamp()
      order by lane limit 1 for update skip locked)
    returning lane`
  return row && { lane: row.lane, holder }
}

/** Prolongs a lease; false when another process has the lane by now. */
export async function renewLease(reader: Reader, { lane, holder }: Lease): Promise<boolean> {
  const renewed = await reader`
    update ledger.lanes set leased_until = clock_timestamp() + make_interval(secs => ${leaseSecondsMax})
    where lane = ${lane} and holder = ${holder}`
  return renewed.count === 1
}

/** Gives a lane back at once, so that the next start need not wait for the lease to end. */
export async function returnLease(reader: Reader, { lane, holder }: Lease): Promise<void> {
  await reader`update ledger.lanes set leased_until = '-infinity' where lane = ${lane} and holder = ${holder}`
}

/** The batch function's word for "this lane is not yours any more". */
export function isLeaseLost(error: unknown): boolean {
  return (error as { code?: string }).code === 'CR001'
}
