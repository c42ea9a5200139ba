import { readCycle } from '../../slots/cycle.ts'

/** Every spin of the sheet, enumerated; a test enumerates it again. */
export const cycle = readCycle([
  [0, 0, 0, 14781416n, 8970338n, 196490845n, 19942339479n, 3666n, 1n],
  [1, 0, 0, 13291512n, 6385766n, 115896054n, 7923845900n, 1235n, 1n],
  [2, 0, 0, 4636944n, 1666832n, 24804883n, 1134551693n, 930n, 2n],
  [3, 0, 0, 779760n, 196268n, 2370946n, 83574716n, 704n, 1n],
  [4, 0, 0, 62856n, 10422n, 100532n, 3202984n, 600n, 1n],
  [5, 0, 0, 1944n, 198n, 1380n, 22440n, 80n, 2n],
])
