import { networkInterfaces } from 'node:os'
import type { Home } from '../appliance/home.ts'
import type { Settings } from '../appliance/settings.ts'
import type { Unit } from '../appliance/supervisor.ts'
import { Trouble } from '../appliance/trouble.ts'

export type EdgeNode = NonNullable<Settings['edgeNode']>

/** Generous: a machine that is busy is not dead, and what is dead refuses at once. */
const answerSecondsMax = 2.5
/** What timeout(1) ends with when it had to end something. */
const timedOut = 124

const [configuration, health] = ['run/keepalived.conf', 'run/edge-health']

/**
 * keepalived, which gives the virtual address to one edge that lives: to the first, while it answers players as they would ask. It is told by unicast, since
 * not every network has multicast, and it gives an address away, so it stays root's.
 */
export function keepalivedUnit(home: Home, settings: Settings, node: EdgeNode, virtualAddress: string): Unit {
  home.write(health, askHealth(settings), 0o700)
  home.write(configuration, render(home, node, virtualAddress), 0o600)
  return {
    name: 'keepalived',
    role: 'the virtual address',
    command: '/usr/sbin/keepalived',
    args: [
      ...['--dont-fork', '--log-console', '--vrrp', '--use-file', home.path(configuration)],
      ...['--pid', home.path('run/keepalived.main'), '--vrrp_pid', home.path('run/keepalived.vrrp')],
    ],
    identity: undefined,
    probe: async () => undefined,
  }
}

/**
 * Asks the edge for its health by HTTP over TLS where players come in: a process that hangs still takes connections. `alive`: it answers something;
 * `ready`: it has a core to ask, too, and does not drain. What is refused is told at once, what is late is asked once more.
 */
export function askHealth({ address, ports }: Pick<Settings, 'address' | 'ports'>): string {
  const wildcards: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
  const host = wildcards[address] ?? address
  const at = host.includes(':') ? `[${host}]:${ports.player}` : `${host}:${ports.player}`
  return `#!/bin/bash
case "$1" in
  alive) wanted='HTTP/1.1 ' ;;
  ready) wanted='HTTP/1.1 200' ;;
  *) exit 2 ;;
esac
ask() {
  printf 'GET /edge/health HTTP/1.1\\r\\nhost: localhost\\r\\nconnection: close\\r\\n\\r\\n' |
    /usr/bin/timeout ${answerSecondsMax} /usr/bin/openssl s_client -quiet -connect ${at} 2>/dev/null |
    /usr/bin/head -c 12
  [ "\${PIPESTATUS[1]}" != ${timedOut} ]
}
answer=$(ask) || answer=$(ask) || exit 1
[[ $answer == "$wanted"* ]]
`
}

/** Who is not alive gives the address away; who is not ready does so where another is, and keeps it where no edge has a core. */
function render(home: Home, { number, addresses }: EdgeNode, virtualAddress: string): string {
  const own = addresses[number - 1]!
  const others = addresses.filter((address) => address !== own)
  return `global_defs {
  vrrp_version 3
  enable_script_security
  script_user root
}
vrrp_script alive {
  script "${home.path(health)} alive"
  interval 1
  timeout 6
  fall 1
  rise 2
}
vrrp_script ready {
  script "${home.path(health)} ready"
  interval 1
  timeout 6
  fall 2
  rise 2
  weight -10
}
vrrp_instance countroom {
  state BACKUP
  interface ${interfaceOf(own)}
  virtual_router_id 77
  priority ${200 - number}
  advert_int 0.3
  unicast_src_ip ${own}
  unicast_peer {
${others.map((address) => `    ${address}`).join('\n')}
  }
  virtual_ipaddress {
    ${virtualAddress}/32
  }
  track_script {
    alive
    ready
  }
}
`
}

/** The interface that has this address. @throws Trouble when none has */
function interfaceOf(address: string): string {
  const found = Object.entries(networkInterfaces()).find(([, each]) => each?.some((one) => one.address === address))
  if (found) return found[0]
  throw new Trouble(`This machine does not have the address ${address}.`, {
    setting: '"edgeNode" in countroom.json',
    remedy: 'ip address, which lists the addresses of this machine',
  })
}
