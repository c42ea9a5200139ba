import type { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import type { Sql as DriverSql } from 'postgres'
import type { PgTypes } from '#base'
import postgres from './driver.ts'

export type Sql = DriverSql<PgTypes>

export type DatabaseAddress = {
  host: string // a directory of sockets, or a host name
  port: number
  database: string
  user: string
  password: string
  /** Over TLS; without it, a socket of this machine. Another object for each pool: drivers change what they are given. */
  tls?: () => ConnectionOptions
  /** Where the server is another from time to time: a socket that is on its way to it. Host and port say nothing then. */
  socket?: () => Socket
  poolMax?: number
  name?: string
  /** After so long without work a connection is closed; never without it. */
  idleSecondsMax?: number
  /** A statement that takes longer is cancelled by the server; never without it. */
  statementSecondsMax?: number
  /** A statement that waits longer for a lock fails; as the server is set without it. */
  lockMsMax?: number
  /** The server ends a session whose client's machine says nothing for so long, its locks with it; as the server is set without it. */
  goneMsMax?: number
  /** Told whenever a connection ended: whoever answers next may be another server. */
  lost?: () => void
}

/** Opens a pool whose `bigint` columns arrive as BigInt and whose JSON parameters may be text already. */
export function openDatabase(address: DatabaseAddress): Sql {
  return postgres({
    host: address.host,
    port: address.port,
    database: address.database,
    user: address.user,
    password: address.password,
    max: address.poolMax ?? 8,
    ...(address.tls ? { ssl: address.tls() } : {}),
    ...(address.socket
      ? { socket: () => address.socket!().connect(0), connect_timeout: followSeconds }
      : { connect_timeout: 5 }),
    backoff: () => reconnectSeconds, // the driver's own grows to 20 s in a short outage, and who asks first waits as long
    idle_timeout: address.idleSecondsMax ?? 0,
    max_lifetime: null,
    connection: {
      application_name: address.name ?? 'countroom',
      ...(address.statementSecondsMax ? { statement_timeout: address.statementSecondsMax * 1000 } : {}),
      ...(address.lockMsMax ? { lock_timeout: address.lockMsMax } : {}),
      ...(address.goneMsMax ? askedWhether(address.goneMsMax) : {}),
    },
    onnotice: () => {},
    ...(address.lost ? { onclose: address.lost } : {}),
    types: { bigint: postgres.BigInt, json: jsonType },
  }) as unknown as Sql
}

const reconnectSeconds = 0.1

/** One that owes us an answer is waited for; one that is idle is asked each second whether it is there. */
function askedWhether(goneMsMax: number) {
  return {
    tcp_user_timeout: goneMsMax,
    tcp_keepalives_idle: 1,
    tcp_keepalives_interval: 1,
    tcp_keepalives_count: Math.max(1, Math.floor(goneMsMax / 1000)),
  }
}

/** A new primary is waited for so long: longer than a switchover takes, shorter than a person does. */
export const followSeconds = 10

/** The job engine hands JSON over as text, our own code as objects; both mean the same document. */
const jsonType = {
  to: 114,
  from: [114, 3802],
  serialize: (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value)),
  parse: (text: string) => JSON.parse(text) as unknown,
}
