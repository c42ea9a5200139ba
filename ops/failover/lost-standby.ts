import { once } from 'node:events'
import { connect } from 'node:net'
import type { Sql } from '../../core/host/database.ts'

/** A standby that commits wait for, and how far it has confirmed. */
type Waited = { pid: number; host: string; confirmed: string }

const silentMsMax = 500
const answerMsMax = 400

/**
 * Ends the connection to a synchronous standby whose machine is gone. Its server would wait for it until `wal_sender_timeout`, and all commits
 * with it. A standby that is slow is not meant: its machine takes a connection, or refuses one, and is waited for. Ending a connection
 * releases no commit: those go on waiting, until Patroni has named another standby that they wait for instead.
 */
export function watchStandby(agentPort: number): { look(admin: Sql): Promise<string | undefined> } {
  let waited: (Waited & { sinceMs: number }) | undefined
  return {
    /** Answers the address of a standby that was given up just now. */
    async look(admin) {
      const found = await waitedFor(admin)
      if (!found || found.pid !== waited?.pid || found.confirmed !== waited.confirmed) {
        waited = found && { ...found, sinceMs: performance.now() }
        return undefined
      }
      if (performance.now() - waited.sinceMs < silentMsMax || (await isThere(found.host, agentPort))) return undefined
      waited = undefined
      await admin`select pg_terminate_backend(${found.pid})`
      return found.host
    },
  }
}

/** Undefined where nothing waits. */
async function waitedFor(admin: Sql): Promise<Waited | undefined> {
  const [row] = await admin<Waited[]>`
    select pid, host(client_addr) as host, flush_lsn::text as confirmed from pg_stat_replication
    where sync_state in ('sync', 'quorum') and state = 'streaming' and flush_lsn < pg_current_wal_flush_lsn()
    order by flush_lsn limit 1`
  return row
}

/** Whether the machine says anything to who wants a connection; a refusal is a word too. */
async function isThere(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port })
  socket.on('error', () => {}) // also one that comes when nobody waits any more
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(answerMsMax) })
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED'
  } finally {
    socket.destroy()
  }
}
