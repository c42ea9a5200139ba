import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { binaries, type Cluster, serviceUser, startServer } from './cluster.ts'

const port = 5433 // the name of the socket file beside the primary's

export type Standby = {
  host: string
  port: number
  /** Becomes a primary of its own, once the other is gone: it applies what it has of the log and takes writes. */
  promote(): void
  stop(): Promise<void>
}

/** A standby of the cluster on the same machine, which each commit waits for until it is stopped. */
export async function startStandby(cluster: Cluster): Promise<Standby> {
  const data = join(cluster.host, 'standby')
  execFileSync(
    join(binaries, 'pg_basebackup'),
    ['-h', cluster.host, '-U', 'postgres', '-D', data, '-R', '-X', 'stream', '-c', 'fast'],
    {
      ...serviceUser(),
      cwd: cluster.host,
      stdio: 'ignore',
    },
  )
  const settings = [
    'listen_addresses=',
    `unix_socket_directories=${cluster.host}`,
    `port=${port}`,
    'max_connections=200',
    'shared_buffers=256MB',
  ]
  const server = await startServer(cluster.host, ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], port)
  const psql = (text: string, at: number = cluster.port) =>
    execFileSync(join(binaries, 'psql'), ['-h', cluster.host, '-p', String(at), '-U', 'postgres', '-Atc', text], {
      encoding: 'utf8',
    })
  let promoted = false
  const setStandbys = (names: string) => {
    psql(`alter system set synchronous_standby_names = '${names}'`)
    psql('select pg_reload_conf()')
  }
  setStandbys('*')
  for (let attempt = 0; !psql('select sync_state from pg_stat_replication').includes('sync\n'); attempt++) {
    if (attempt === 200) throw new Error('The standby did not become synchronous.')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    ...{ host: cluster.host, port },
    promote() {
      if (psql('select pg_promote()', port) !== 't\n') throw new Error('The standby did not become a primary.')
      promoted = true
    },
    async stop() {
      if (!promoted) setStandbys('')
      server.process.kill('SIGINT')
      await server.ended
    },
  }
}
