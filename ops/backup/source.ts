import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Trouble } from '../appliance/trouble.ts'
import type { Contents, RecoverySet } from './recovery-set.ts'
import type { Repository } from './settings.ts'

/** Which repository a restore reads: `from` itself where it is one, wherever it is mounted now; else one that the set names, by its number. */
export function chooseRepository(
  { repositories }: Contents,
  { folder }: RecoverySet,
  from: string,
  number: number | undefined,
): Repository {
  const isOne = existsSync(join(from, 'backup')) && existsSync(join(from, 'archive'))
  if (number === undefined && isOne) return { directory: from }
  const chosen = repositories[(number ?? 1) - 1]
  if (chosen) return chosen
  throw new Trouble(
    `The recovery set in ${folder} names ${repositories.length} repositories, and none with the number ${number}.`,
    {
      setting: '--repository',
      remedy: `a number from 1 to ${repositories.length}`,
    },
  )
}
