import { slotGame } from '../../slots/slot-game.ts'
import { cycle } from './cycle.ts'
import { rules } from './rules.ts'
import { sheet } from './sheet.ts'

export const basaltFalls = slotGame({
  id: 'basalt-falls',
  name: 'Basalt Falls',
  sheet,
  cycle,
  stakeMin: 20n,
  stakeMax: 5000n,
  rules,
})
