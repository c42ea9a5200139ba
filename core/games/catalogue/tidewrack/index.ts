import { slotGame } from '../../slots/slot-game.ts'
import { cycle } from './cycle.ts'
import { rules } from './rules.ts'
import { sheet } from './sheet.ts'

export const tidewrack = slotGame({
  id: 'tidewrack',
  name: 'Tidewrack',
  sheet,
  cycle,
  stakeMin: 20n,
  stakeMax: 10_000n,
  rules,
})
