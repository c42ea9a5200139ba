import { request } from 'node:https'
import { internalDomain, sharedLabel } from '#pki'
import type { Home } from '../appliance/home.ts'
import type { Users } from '../appliance/identity.ts'
import type { Settings } from '../appliance/settings.ts'
import { showing } from '../appliance/showing.ts'
import type { Unit } from '../appliance/supervisor.ts'
import { type Cluster, nodeName, numberOf } from './members.ts'

/**
 * etcd, which decides who leads. Patroni comes to it by the v2 API on purpose: Debian's Patroni 3.0.2 overwrites the leader key
 * unconditionally over the v3 API (mended in 3.0.3), and a leader that was cut off takes it back after healing, with all
 * that was acknowledged meanwhile. It listens to servers of our database alone, and to its like.
 */
export function etcdUnit(
  home: Home,
  settings: Settings,
  cluster: Cluster,
  users: Users,
  state: 'new' | 'existing' = 'new',
): Unit {
  const { ports } = settings
  const own = cluster.addresses[cluster.node - 1]!
  const client = `https://${own}:${ports.etcd}`
  const peer = (address: string) => `https://${address}:${ports.etcdPeer}`
  const only = (role: 'postgres' | 'etcd') => `${sharedLabel(role)}.${internalDomain}`
  const [cert, key, ca] = ['etcd.pem', 'etcd.key', 'ca.pem'].map((file) => home.path('tls', file))
  const words = {
    name: nodeName(numberOf(cluster)),
    'data-dir': home.path('etcd'),
    'enable-v2': 'true',
    'enable-grpc-gateway': 'false', // it would come to itself with a certificate that is no server's of ours
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer(own),
    'initial-advertise-peer-urls': peer(own),
    'initial-cluster': cluster.addresses
      .map((address, i) => `${nodeName(cluster.firstNumber + i)}=${peer(address)}`)
      .join(','),
    'initial-cluster-state': state,
    'initial-cluster-token': 'countroom',
    'heartbeat-interval': '100',
    'election-timeout': '1000',
    'auto-compaction-retention': '1',
    'log-level': 'warn',
    'cert-file': cert,
    'key-file': key,
    'trusted-ca-file': ca,
    'client-cert-auth': 'true',
    'client-cert-allowed-hostname': only('postgres'),
    'peer-cert-file': cert,
    'peer-key-file': key,
    'peer-trusted-ca-file': ca,
    'peer-client-cert-auth': 'true',
    'peer-cert-allowed-hostname': only('etcd'),
  }
  return {
    name: 'etcd',
    role: 'decides who leads',
    command: '/usr/bin/etcd',
    args: Object.entries(words).map(([name, value]) => `--${name}=${value}`),
    identity: users.etcd,
    probe: () => askEtcd(home, own, ports.etcd),
  }
}

/** Undefined when etcd has a majority, else why not. */
function askEtcd(home: Home, host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const tls = showing(home, 'postgres', { name: sharedLabel('etcd'), role: 'etcd' })
    const question = request({ ...tls, host, port, path: '/health', agent: false, timeout: 3000 }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200 ? undefined : 'there is no majority: too few nodes of the cluster run')
    })
    question.on('timeout', () => question.destroy(new Error('no answer within 3 s')))
    question.on('error', (error) => resolve(error.message))
    question.end()
  })
}
