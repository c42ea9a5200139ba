import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as ledger from '#ledger'
import { openWorld, type World } from '../../support/world.ts'

/**
 * What lets the hot tables move to many machines, read off the catalogue and off what one bet writes: the shard's key first in
 * every key, nothing that reaches across shards.
 */
let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())

/** A wallet's rows lie with the wallet, a lane's rows with the lane, and a lane serves the wallets of one shard. */
const shardKeys = ['wallet', 'lane']

/** What does not begin with a shard's key or is not of one shard, each with the reason why it may. */
const exceptions: Record<string, string> = {
  'ledger.wallets (player, currency)':
    'asked when a wallet is opened, not by a bet; becomes a directory of its own when wallets are spread',
  'ledger.accounts (account)': 'the chart: a dozen rows that every shard has a copy of',
  'ledger.proofs (at)': 'about the books, not in them; a row a minute',
  'ledger.freezes (number)': 'about the books, not in them; a row when they were found to lack something',
  'ledger.summarised (index)':
    'how far each index of this database is summarised; a row per index, written by the sealer',
}
const hotFunctions = [
  'ledger.post',
  'games.settle',
  'games.judge',
  'games.next_start',
  'ledger.line_of_posting',
  'ledger.line_of_key',
  'ledger.keys_digest',
  'ledger.batch_digest',
  'ledger.total',
]

test('the functions of the hot path write the tables that are looked at here, and no others', async () => {
  expect(await hotTables()).toEqual([
    'games.rounds',
    'ledger.batches',
    'ledger.house',
    'ledger.house_entries',
    'ledger.lanes',
    'ledger.postings',
    'ledger.transfers',
    'ledger.wallets',
  ])
})

test('every key of the ledger begins with the wallet or the lane, but for those that say why not', async () => {
  const unique = await world.admin<Array<{ key: string; first: string; table: string }>>`
    select format('%s.%s (%s)', n.nspname, t.relname, string_agg(a.attname, ', ' order by k.ord)) as key,
      (array_agg(a.attname order by k.ord))[1] as first, format('%s.%s', n.nspname, t.relname) as table
    from pg_index i join pg_class t on t.oid = i.indrelid join pg_namespace n on n.oid = t.relnamespace
    cross join lateral unnest(i.indkey::int2[]) with ordinality k (attnum, ord)
    join pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum
    where i.indisunique and (n.nspname = 'ledger' or format('%s.%s', n.nspname, t.relname) = any (${await hotTables()}))
    group by n.nspname, t.relname, i.indexrelid order by 1`
  const others = unique.filter(({ first }) => !shardKeys.includes(first)).map(({ key }) => key)
  expect(others.sort()).toEqual(Object.keys(exceptions).sort())
  const keyed = new Set(unique.map(({ table }) => table.replace(/postings_\d{4}_\d{2}$|postings_other$/, 'postings')))
  expect([...keyed]).toEqual(expect.arrayContaining(await hotTables())) // none without a key
  // Postings stand in months, and a key of a partitioned table would have to name the month first: each month has its own.
  expect(unique.some(({ key }) => /^ledger\.postings_\d{4}_\d{2} \(wallet, version\)$/.test(key))).toBe(true)
})

test('house accounts are per lane', async () => {
  const rows = await world.admin<Array<{ key: string }>>`
    select pg_get_constraintdef(oid) as key from pg_constraint
    where contype = 'p' and conrelid in ('ledger.house'::regclass, 'ledger.house_entries'::regclass) order by 1`
  expect(rows.map(({ key }) => key)).toEqual([
    'PRIMARY KEY (lane, account, currency)',
    'PRIMARY KEY (lane, account, currency, version)',
  ])
})

describe('no hot table has', () => {
  const none: Array<[what: string, query: string]> = [
    [
      'a foreign key, on it or to it, or one that is judged late',
      `select conrelid::regclass::text || '.' || conname as found from pg_constraint
       where (conrelid = any ($1::regclass[]) or confrelid = any ($1::regclass[])) and (contype in ('f', 'x', 't') or condeferrable)`,
    ],
    [
      'a trigger',
      `select tgrelid::regclass::text || '.' || tgname as found from pg_trigger where tgrelid = any ($1::regclass[])`,
    ],
    [
      'a rule',
      `select ev_class::regclass::text || '.' || rulename as found from pg_rewrite where ev_class = any ($1::regclass[])`,
    ],
    [
      'rows that a crash forgets, a policy, or a parent that is not a partitioned table',
      `select c.oid::regclass::text as found from pg_class c where c.oid = any ($1::regclass[])
       and (c.relpersistence <> 'p' or c.relrowsecurity or c.relhasrules
         or exists (select from pg_inherits i join pg_class p on p.oid = i.inhparent where i.inhrelid = c.oid and p.relkind <> 'p'))`,
    ],
    [
      'a column that another sequence than its own numbers, or that is computed',
      `select attrelid::regclass::text || '.' || attname as found from pg_attribute
       where attrelid = any ($1::regclass[]) and attnum > 0 and (attgenerated <> ''
         or exists (select from pg_attrdef d where d.adrelid = attrelid and d.adnum = attnum and pg_get_expr(d.adbin, d.adrelid) like '%nextval%'))`,
    ],
  ]
  test.each(none)('%s', async (_what, query) => {
    const found = await world.admin.unsafe<Array<{ found: string }>>(query, [await withPartitions()])
    expect(found.map((row) => row.found)).toEqual([])
  })
})

test('the functions of the hot path signal nobody, take no advisory lock, make no table, and are not built from text', async () => {
  const functions = await world.admin<Array<{ name: string; source: string }>>`
    select p.oid::regproc::text as name, pg_get_functiondef(p.oid) as source from pg_proc p
    where p.prokind = 'f' and p.oid::regproc::text = any (${hotFunctions})`
  expect(functions.map(({ name }) => name).sort()).toEqual(
    hotFunctions.filter((name) => name !== 'ledger.total').sort(),
  )
  for (const { name, source } of functions)
    expect(
      source.match(
        /\b(notify|pg_notify|listen|pg_(try_)?advisory\w*|temp(orary)? table|unlogged|execute|lock table)\b/gi,
      ),
      name,
    ).toBeNull()
})

test('the one number that all wallets share is a transfer’s, which is unique and need not be in order', async () => {
  const sequences = await world.admin<Array<{ name: string; type: string; owner: string | null }>>`
    select s.oid::regclass::text as name, format_type(q.seqtypid, null) as type, d.refobjid::regclass::text as owner
    from pg_class s join pg_sequence q on q.seqrelid = s.oid
    left join pg_depend d on d.objid = s.oid and d.deptype in ('a', 'i') and d.refclassid = 'pg_class'::regclass
    where s.relnamespace = 'ledger'::regnamespace order by 1`
  expect(sequences).toEqual([
    { name: 'ledger.freezes_number_seq', type: 'bigint', owner: 'ledger.freezes' }, // when money stands still
    { name: 'ledger.transfer_numbers', type: 'bigint', owner: null },
    { name: 'ledger.wallets_wallet_seq', type: 'bigint', owner: 'ledger.wallets' }, // when a wallet is opened
  ])
})

test('a bet writes rows of its wallet and of its lane only, and all of them in one transaction', async () => {
  await world.player(1000n) // somebody else, whose rows must stay as they are
  const { player, wallet } = await world.player(1000n)
  const lease = (await ledger.leaseLane(world.sql, 'test'))!
  await world.admin`
    insert into sessions.sessions (session, sign_in, digest, player, wallet, currency, shown, authenticated_at, begun_at, wallet_version, seen_at, idle_seconds_max, ends_at)
    values ('ses_shard', 'ses_shard', '\\x00', ${player}, ${wallet}, 'EUR', '{}', now(), now(), 1, now(), 900, now() + interval '1 hour')`
  const tables = await everyTable()
  const [before] = await world.admin<Array<{ xid: bigint }>>`select pg_current_xact_id()::text::bigint as xid`
  const settled = await world.sql.unsafe(
    `select code from games.settle($1::smallint, $2, now(), array[$3::text::bigint], array['ses_shard'], array['roulette-european'], array['1'],
       array[100::bigint], array[200::bigint], array[''], array[''], array[''], array[100::bigint], '{}', '{}', '{}', array[1, 1], array[$3::text::bigint, $3::text::bigint],
       array['round:1', 'round:1'], array[gen_random_uuid(), gen_random_uuid()], array['cash', 'games.revenue'],
       array['games.revenue', 'cash'], array[100, 200]::bigint[])`,
    [lease.lane, lease.holder, wallet.toString()],
  )
  expect(settled.map((row) => row.code)).toEqual(['posted'])

  const written: Array<{ table: string; xmin: string; wallet: string | null; lane: string | null }> = []
  for (const table of tables)
    written.push(
      ...(await world.admin.unsafe<typeof written>(
        `select '${table}' as table, t.xmin::text as xmin, to_jsonb(t)->>'wallet' as wallet, to_jsonb(t)->>'lane' as lane
         from ${table} t where t.xmin::text::bigint > ${before!.xid}`,
      )),
    )
  expect(new Set(written.map(({ table }) => table.replace(/postings_\d{4}_\d{2}/, 'postings')))).toEqual(
    new Set(await hotTables()),
  )
  expect(new Set(written.map(({ xmin }) => xmin)).size).toBe(1)
  const astray = written.filter(
    (row) => row.wallet !== String(wallet) && !(row.wallet === null && row.lane === String(lease.lane)),
  )
  expect(astray).toEqual([])
})

/** The tables that the functions of the hot path insert into or update, as their text says. */
async function hotTables(): Promise<string[]> {
  const rows = await world.admin<Array<{ source: string }>>`
    select prosrc as source from pg_proc where oid::regproc::text in ('ledger.post', 'games.settle')`
  expect(rows).toHaveLength(2)
  const tables = rows.flatMap(({ source }) =>
    [...source.matchAll(/\b(?:insert into|update|delete from|merge into)\s+(\w+\.\w+)/gi)].map((match) => match[1]!),
  )
  return [...new Set(tables)].sort()
}

async function withPartitions(): Promise<string[]> {
  const rows = await world.admin<Array<{ name: string }>>`
    select inhrelid::regclass::text as name from pg_inherits where inhparent = any (${await hotTables()}::regclass[])`
  return [...(await hotTables()), ...rows.map(({ name }) => name)]
}

async function everyTable(): Promise<string[]> {
  const rows = await world.admin<Array<{ name: string }>>`
    select oid::regclass::text as name from pg_class
    where relkind = 'r' and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'pg_toast'::regnamespace)`
  return rows.map(({ name }) => name)
}
