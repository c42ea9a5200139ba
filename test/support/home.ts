import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A home in a folder of its own that the service user can reach; `small` has one worker at the edge. */
export function newHome(size: 'small' | 'usual' = 'usual'): string {
  const home = mkdtempSync(join(tmpdir(), 'cr-'))
  chmodSync(home, 0o755)
  if (size === 'small') writeFileSync(join(home, 'countroom.json'), '{"edgeWorkers": 1}')
  return home
}
