import { type Command, Refusal, systemCommand } from '#base'
import { connectKeys, type Keys } from '#keys'
import type { Sql } from '../../core/host/database.ts'
import type { Home } from '../appliance/home.ts'
import { connect } from '../appliance/postgres.ts'
import { readSettings, type Settings } from '../appliance/settings.ts'
import { agentSocket, presentOps } from '../appliance/sockets.ts'
import { Trouble, wordsOf } from '../appliance/trouble.ts'

/** What a command about keys works with: the database, the agent's management, and the keys as core has them. */
export type Desk = {
  home: Home
  settings: Settings
  sql: Sql
  agent: Keys
  command(): Command & { keys: Keys }
}

/** Opens a desk for one piece of work; what is refused is told as trouble. */
export async function atDesk<T>(home: Home, work: (desk: Desk) => Promise<T>): Promise<T> {
  const sql = connect(home, 'app')
  const agent = connectKeys({ socket: agentSocket(home, 'ops'), deadlineMs: 60_000 })
  const keys = connectKeys(presentOps(home))
  const command = () => ({ ...systemCommand('countroom keys'), keys })
  try {
    return await inWords(() => work({ home, settings: readSettings(home), sql, agent, command }))
  } finally {
    await Promise.all([sql.end({ timeout: 5 }), agent.close(), keys.close()])
  }
}

/** What the rooms refuse, as trouble that says what helps. */
export async function inWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const remedy = remedies[error.code] ?? 'npx countroom keys list'
    throw new Trouble(wordsOf(error), { setting: error.code, remedy, cause: error })
  }
}

const remedies: Record<string, string> = {
  'keys.unavailable': 'npx countroom logs keys says why',
  'keys.backup_unsound': 'use another backup of keys; npx countroom keys backup writes one',
  'keys.backup_forged': 'use another backup of keys, of this very node or its cluster',
  'keys.backup_old': 'use a newer backup of keys, of the node that has them',
  'keys.token_born': '--without <keys>, by commas, gives up for good what only they open',
  'keys.shares_missing': 'let more custodians give their shares: --shares <file>,<file>',
  'keys.share_given': 'let another custodian give theirs',
  'keys.share_foreign': 'give shares of the ceremony that this backup names',
  'keys.share_malformed': 'type it again; each is groups of four letters and digits',
  'keys.custodians_foreign': 'use a backup of this very node or its cluster',
  'keys.foreign': 'ops/runbooks/key-agent.md; only an empty token takes the keys of another node',
  'staff.approval_absent': 'two approve exactly this at the desk; it is good for a day, and once',
  'staff.proposal_unknown': 'copy its name from the desk, such as prp_01k…',
  'staff.vouchers_missing': 'call a second member of staff who may (role administrator)',
  'staff.same_person': 'call a second member of staff who may (role administrator)',
  'staff.not_permitted': 'call a member of staff who may (role administrator)',
  'access.client_invalid': 'ops/runbooks/clients.md has examples',
  'access.client_known': 'npx countroom access list',
  'access.client_unknown': 'npx countroom access list',
  'staff.sign_in_refused': 'try again; names and passwords are those of the back office',
  'staff.too_many_failures': 'wait a quarter of an hour',
}
