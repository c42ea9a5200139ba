import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLane, createLanes, systemCommand } from '#base'
import * as ledger from '#ledger'
import { openDatabase, type Sql } from '../../../core/host/database.ts'
import type { Cluster } from '../../support/cluster.ts'
import { wallets } from './books.ts'

/** One transfer from a random player to the house, acknowledged when it is on disk. */
export type Contestant = { call(caller: number): Promise<unknown>; transfersPerCall: number; close(): Promise<void> }

let serial = 0
const someone = (count = wallets) => 1 + Math.floor(Math.random() * count)
const stake = (wallet: bigint): ledger.Transfer => ({
  wallet,
  key: `bench:${++serial}`,
  kind: 'round',
  legs: [{ from: { pocket: 'cash' }, to: { house: 'games.revenue' }, amount: 10n }],
})

/** Our ledger through lanes, with the limits a core process has when nothing else is said. */
export async function openLanes(
  cluster: Cluster,
  database: string,
  count: number,
  players = wallets,
): Promise<Contestant> {
  const connections: Sql[] = []
  const leases: ledger.Lease[] = []
  const lanes = []
  for (let i = 0; i < count; i++) {
    const connection = openDatabase({ ...cluster, database, user: 'countroom_app', password: '', poolMax: 1 })
    connections.push(connection)
    const lease = (await ledger.leaseLane(connection, `bench-${++serial}`))!
    leases.push(lease)
    lanes.push(
      createLane<ledger.Transfer, ledger.PostResult>({
        run: (items) => ledger.postBatch(connection, lease, new Date(), items),
        batchMax: 128,
        queueMax: 4096,
        deadlineMs: 5000,
        isRetryable: () => false,
        isUnknown: () => false,
      }),
    )
  }
  const all = createLanes(lanes)
  return {
    transfersPerCall: 1,
    async call() {
      const order = stake(BigInt(someone(players)))
      const { code } = await all.submit(order.wallet, order)
      if (code !== 'posted') throw new Error(`not posted: ${code}`)
    },
    async close() {
      await all.close()
      for (const [i, connection] of connections.entries()) {
        await ledger.returnLease(connection, leases[i]!)
        await connection.end()
      }
    },
  }
}

/** Our ledger without lanes, as everything but play uses it: one transfer and one commit per call, over sixteen house sub-accounts. */
export async function openSpread(cluster: Cluster, database: string): Promise<Contestant> {
  const connection = openDatabase({ ...cluster, database, user: 'countroom_app', password: '', poolMax: 64 })
  return {
    transfersPerCall: 1,
    call: () => ledger.transfer(connection as never, systemCommand('bench', new Date()), stake(BigInt(someone()))),
    close: () => connection.end(),
  }
}

/** The same SQL and one house account, one transfer and one commit per call: what lanes do, without them. */
export async function openSingles(cluster: Cluster, database: string): Promise<Contestant> {
  const connection = openDatabase({ ...cluster, database, user: 'countroom_app', password: '', poolMax: 64 })
  const lease = (await ledger.leaseLane(connection, `bench-${++serial}`))!
  return {
    transfersPerCall: 1,
    async call() {
      const [result] = await ledger.postBatch(connection, lease, new Date(), [stake(BigInt(someone()))])
      if (result?.code !== 'posted') throw new Error(`not posted: ${result?.code}`)
    },
    async close() {
      await ledger.returnLease(connection, lease)
      await connection.end()
    },
  }
}

/** What most would write: lock both accounts in order, update both, insert a transfer and its two entries. */
export async function openRowLocks(cluster: Cluster): Promise<Contestant> {
  const sql = await openRival(cluster, 'rowlocks', [
    `create table accounts (id bigint primary key, balance bigint not null, version bigint not null default 0);
     create table transfers (id bigint generated always as identity primary key, key text not null unique, source bigint not null, target bigint not null, amount bigint not null, at timestamptz not null default now());
     create table entries (transfer bigint not null, account bigint not null, amount bigint not null, balance bigint not null, version bigint not null, primary key (account, version));
     create function transfer(_key text, _source bigint, _target bigint, _amount bigint) returns bigint language plpgsql as $$
     declare _id bigint; _a accounts; _b accounts;
     begin
       perform from accounts where id in (_source, _target) order by id for update;
       select * into _a from accounts where id = _source;
       if _a.balance < _amount then raise exception 'insufficient funds'; end if;
       update accounts set balance = balance - _amount, version = version + 1 where id = _source returning * into _a;
       update accounts set balance = balance + _amount, version = version + 1 where id = _target returning * into _b;
       insert into transfers (key, source, target, amount) values (_key, _source, _target, _amount) returning id into _id;
       insert into entries values (_id, _source, -_amount, _a.balance, _a.version), (_id, _target, _amount, _b.balance, _b.version);
       return _id;
     end $$;
     insert into accounts select n, case n when 0 then 0 else 1000000 end from generate_series(0, ${wallets}) n;`,
  ])
  return {
    transfersPerCall: 1,
    call: () => sql`select transfer(${`bench:${++serial}`}, ${someone()}, 0, 10)`,
    close: () => sql.end(),
  }
}

/** pgledger from a checkout of its own, every transfer to one house account. */
export async function openPgledger(cluster: Cluster, dir: string): Promise<Contestant> {
  const vendor = join(dir, 'vendor/scoville-pgsql-ulid')
  const files = [
    ...readdirSync(vendor)
      .filter((file) => file.endsWith('.sql'))
      .sort()
      .map((file) => join(vendor, file)),
    join(dir, 'pgledger.sql'),
  ]
  const sql = await openRival(cluster, 'pgledger', [
    ...files.map((file) => readFileSync(file, 'utf8')),
    `create table numbers (n bigint primary key, id text not null);
     insert into numbers select n, (pgledger_create_account('account ' || n, 'EUR')).id from generate_series(0, ${wallets}) n;`,
  ])
  return {
    transfersPerCall: 1,
    call: () =>
      sql`select id from pgledger_create_transfer((select id from numbers where n = ${someone()}), (select id from numbers where n = 0), 10)`,
    close: () => sql.end(),
  }
}

/** tb-perf's batch function from a checkout of its own, a hundred transfers a call. */
export async function openTbPerf(cluster: Cluster, dir: string): Promise<Contestant> {
  const sql = await openRival(cluster, 'tbperf', [
    readFileSync(join(dir, 'scripts/init-postgresql.sql'), 'utf8'),
    `insert into accounts (id, balance) select n, 1000000 from generate_series(1, ${wallets + 1}) n on conflict do nothing;`,
  ])
  const house = wallets + 1
  return {
    transfersPerCall: 100,
    async call() {
      const players = Array.from({ length: 100 }, () => someone())
      await sql`select * from batch_transfers(${players.map(String)}::text[]::bigint[], ${players.map(() => String(house))}::text[]::bigint[], ${players.map(() => '10')}::text[]::bigint[])`
    },
    close: () => sql.end(),
  }
}

async function openRival(cluster: Cluster, database: string, statements: readonly string[]): Promise<Sql> {
  const admin = openDatabase({ ...cluster, database: 'postgres', user: 'postgres', password: '', poolMax: 1 })
  await admin.unsafe(`create database ${database}`)
  await admin.end()
  const sql = openDatabase({ ...cluster, database, user: 'postgres', password: '', poolMax: 64 })
  for (const statement of statements) await sql.unsafe(statement)
  await sql`vacuum analyze`
  return sql
}
