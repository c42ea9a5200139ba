import { chains } from './contradictions/chains.ts'
import { holds } from './contradictions/holds.ts'
import type { Contradiction } from './contradictions/horizon.ts'
import { house } from './contradictions/house.ts'
import { keys } from './contradictions/keys.ts'
import { seams } from './contradictions/seams.ts'
import { wallets } from './contradictions/wallets.ts'

/** All that cannot be in books that are right, in the order it is looked for: sums first, what surrounds them last. */
export const contradictions: readonly Contradiction[] = [...wallets, ...keys, ...house, ...chains, ...holds, ...seams]
