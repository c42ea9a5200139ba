import { openLimitMemory } from '../../../edge/limit/memory.ts'

const burst = Number(process.argv[2])
const { tables, isShared } = openLimitMemory(3)
if (!isShared) throw new Error('the memory is not shared')
const admitted = Array<number>(8).fill(0)
for (let i = 0; i < 8 * burst * 2; i++) {
  const who = i % 8
  if (tables.fine.take(who, 1000 + who, 0, 1000, 1000 * (burst - 1)) > 0) admitted[who] = admitted[who]! + 1
}
process.stdout.write(JSON.stringify(admitted))
