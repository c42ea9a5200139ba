import { networkInterfaces } from 'node:os'
import type { Home } from '../appliance/home.ts'
import type { Settings } from '../appliance/settings.ts'
import type { Unit } from '../appliance/supervisor.ts'
import { Trouble } from '../appliance/trouble.ts'

export type EdgeNode = NonNullable<Settings['edgeNode']>

/** Generous: a machine that is busy is not dead, and what is dead refuses at once. */
const answerSecondsMax = 2.5

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
 * Asks the edge's supervisor, on this machine and without TLS, which would cost more than all else here. `alive`: one of its workers answers it; a worker that hangs
 * does not, though the system takes connections for it. `ready`: it has a core to ask, too, and does not drain. What is refused is told at once, what is late is asked once more.
 */
export function askHealth({ ports }: Pick<Settings, 'ports'>): string {
  return `#!/bin/bash
case "$1" in
  alive) path=/health/answers ;;
  ready) path=/health/ready ;;
  *) exit 2 ;;
esac
ask() {
  exec 3<>/dev/tcp/127.0.0.1/${ports.edgeMetrics} || exit 1
  printf 'GET %s HTTP/1.1\\r\\nhost: localhost\\r\\nconnection: close\\r\\n\\r\\n' $path >&3
  read -r -t ${answerSecondsMax} answer <&3
}
ask || ask || exit 1
[[ $answer == 'HTTP/1.1 200'* ]]
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
