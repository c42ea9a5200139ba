import { openMachine, type SlotOutcome } from '../../../../host/web/browser/machine.ts'
import type { SlotSheet } from '../../../../host/web/browser/paytable.ts'
import type { Open } from '../../../../host/web/browser/scene.ts'
import { symbol } from './art.ts'

const open: Open<SlotSheet, SlotOutcome> = (table) => openMachine(table, symbol)
export default open
