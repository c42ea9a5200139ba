import { readCycle } from '../../slots/cycle.ts'

/** Every spin of the sheet, enumerated; a test enumerates it again. */
export const cycle = readCycle([
  [0, 0, 0, 2599626n, 532026n, 33835169n, 125426917545n, 25732n, 1n],
  [1, 0, 0, 2178737n, 466857n, 14768732n, 3384387900n, 2563n, 2n],
  [2, 0, 0, 719859n, 151858n, 5109121n, 1337730553n, 2568n, 2n],
  [3, 0, 0, 114184n, 20623n, 910308n, 465084928n, 2560n, 4n],
  [4, 0, 0, 8505n, 900n, 4842n, 38214n, 20n, 18n],
  [5, 0, 0, 243n, 0n, 0n, 0n, 0n, 0n],
])
