import * as audit from '#audit'
import * as ledger from '#ledger'
import { broken, type Check, sound } from './finding.ts'

export const books: Check = {
  id: 'ledger',
  after: ['postgres'],
  remedy: 'npx countroom verify ledger',
  async look(probe) {
    const sql = probe.sql()
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

export const log: Check = {
  id: 'audit',
  after: ['postgres', 'keys'],
  remedy: 'npx countroom verify audit',
  async look(probe) {
    const sql = probe.sql()
    const proof = await sql.begin('isolation level repeatable read read only', (tx) => audit.verify(tx))
    if (proof.ok) return sound(`${proof.count} events as they were written`)
    return broken(
      proof.firstBad ?? 'an event was changed',
      'somebody changed the log: keep a copy of the database, compare with a backup, npx countroom verify audit',
    )
  },
}
