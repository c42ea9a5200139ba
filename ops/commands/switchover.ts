import type { Command } from 'commander'
import { changing } from './failover.ts'

export function switchoverCommand(): Command {
  return changing('switchover', 'let the synchronous standby lead; nothing that was acknowledged is lost')
}
