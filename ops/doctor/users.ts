import { readFileSync, statSync } from 'node:fs'
import { nameOf } from '../appliance/identity.ts'
import { agentRoles, agentSocket, redisSocket } from '../appliance/sockets.ts'
import { broken, type Check, sound, warning } from './finding.ts'

/** Who runs what, and who may come in by the sockets: what a process that was taken over reaches hangs on it. */
export const users: Check = {
  id: 'users',
  after: ['appliance', 'processes'],
  remedy: 'npx countroom status',
  async look({ home, card }) {
    const sockets = [...agentRoles.map((role) => agentSocket(home, role)), redisSocket(home)]
    const open = sockets.filter((path) => (statSync(path).mode & 0o007) !== 0)
    if (open.length > 0) return broken(`open to every user: ${open.join(', ')}`, `chmod o= ${open.join(' ')}`)
    const running = (card?.processes ?? []).flatMap(({ name, pid }) =>
      pid === undefined ? [] : [{ name, uid: userOf(pid) }],
    )
    const uids = new Set(running.map(({ uid }) => uid))
    if (uids.size === 1)
      return sound(`everything runs as ${nameOf([...uids][0])}: what one process reaches, each does (SECURITY.md)`)
    const asRoot = running.filter(({ uid }) => uid === 0).map(({ name }) => name)
    if (asRoot.length > 0)
      return warning(
        `run as root, because their users cannot read the clone: ${asRoot.join(', ')}`,
        'stop, move the clone to, say, /opt/countroom, or chmod -R o+rX it, and start anew',
      )
    return sound(`${uids.size} system users, one for each kind of process`)
  },
}

function userOf(pid: number): number {
  return Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}
