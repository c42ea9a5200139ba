import { openMachine } from '../../../../host/web/browser/machine.ts'
import type { Open } from '../../../../host/web/browser/scene.ts'
import type { SlotOutcome, SlotSheet } from '../../../../host/web/browser/slot.ts'
import { symbol } from './art.ts'

const open: Open<SlotSheet, SlotOutcome> = (table) => openMachine(table, symbol)
export default open
