import type { Board } from './board.ts'
import { backups, cluster } from './cluster.ts'
import { postgres, redis } from './engines.ts'
import { machine } from './machine.ts'

/** What the casino stands on. */
export const operations: readonly Board[] = [cluster, backups, machine, postgres, redis]
