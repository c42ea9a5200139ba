import * as audit from '#audit'
import * as ledger from '#ledger'
import { broken, type Check, sound, warning } from './finding.ts'

export const books: Check = {
  id: 'ledger',
  after: ['postgres'],
  remedy: 'npx countroom verify ledger',
  async look(probe) {
    const sql = probe.sql()
    const [freeze] = await ledger.freezes(sql)
    if (freeze && !freeze.liftedAt)
      return broken(
        `no money moves since ${freeze.at.toISOString()}: ${freeze.by} found that the books lack what was seen in them`,
        'ops/runbooks/ledger-frozen.md; npx countroom ledger freezes',
      )
    const proof = await sql.begin('isolation level repeatable read read only', (tx) => ledger.prove(tx))
    const bad = proof.checks.filter((each) => !each.ok)
    if (bad.length === 0) return sound(`${proof.checks.length} proofs hold; ${proven(await ledger.lastProof(sql))}`)
    return broken(
      bad.map((each) => `not true: ${each.name} (${each.firstBad})`).join('; '),
      'no payouts and no play until it is understood, as ops/runbooks/books-contradict.md says; npx countroom verify ledger names the rows',
    )
  },
}

/** The books are sound now, as this proof of the whole shows; what the worker found last is worth knowing besides. */
function proven(last: ledger.KeptProof | undefined): string {
  if (!last) return 'the worker has not proven them yet'
  const at = last.at.toISOString().slice(0, 19)
  return last.ok ? `the worker proved them at ${at}Z` : `by ${at}Z the worker had found: ${last.firstBad}`
}

/** The sealer pauses a second between two sealings. */
const unsealedSecondsMax = 60

export const log: Check = {
  id: 'audit',
  after: ['postgres', 'keys'],
  remedy: 'npx countroom verify audit',
  async look(probe) {
    const sql = probe.sql()
    const proof = await sql.begin('isolation level repeatable read read only', (tx) => audit.verify(tx))
    const last = await audit.lastVerdict(sql)
    const waits = Math.round(await audit.unsealedSeconds(sql))
    if (proof.ok && last?.ok === false)
      return broken(
        `the log does not stand proven: ${last.firstBad} (found ${last.at.toISOString()})`,
        'ops/runbooks/audit-log.md#broken; npx countroom verify audit proves all of it anew',
      )
    if (proof.ok && waits > unsealedSecondsMax)
      return warning(
        `events have waited for ${waits} s to be sealed`,
        'ops/runbooks/audit-log.md#not-sealed; npx countroom logs work-1',
      )
    if (proof.ok)
      return sound(
        `${proof.count} events as they were written, ${(await audit.keptCheckpoint(sql))?.size ?? 0} leaves sealed`,
      )
    return broken(
      proof.firstBad ?? 'an event was changed',
      'somebody changed the log: keep a copy of the database, compare with a backup, npx countroom verify audit',
    )
  },
}
