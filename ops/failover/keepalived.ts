import { networkInterfaces } from 'node:os'
import type { Home } from '../appliance/home.ts'
import type { Settings } from '../appliance/settings.ts'
import type { Unit } from '../appliance/supervisor.ts'
import { Trouble } from '../appliance/trouble.ts'

export type EdgeNode = NonNullable<Settings['edgeNode']>

const [configuration, alive] = ['run/keepalived.conf', 'run/edge-alive']

/**
 * keepalived, which gives the virtual address to one edge that lives: to the first, while it answers. It is told by unicast, since not every network has
 * multicast, and it gives an address away, so it stays root's.
 */
export function keepalivedUnit(home: Home, { ports }: Settings, node: EdgeNode, virtualAddress: string): Unit {
  home.write(alive, `#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/${ports.edgeMetrics}\n`, 0o700)
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

function render(home: Home, { number, addresses }: EdgeNode, virtualAddress: string): string {
  const own = addresses[number - 1]!
  const others = addresses.filter((address) => address !== own)
  return `global_defs {
  vrrp_version 3
  enable_script_security
  script_user root
}
vrrp_script edge {
  script "${home.path(alive)}"
  interval 1
  timeout 1
  fall 1
  rise 2
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
    edge
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
