// Limits a player sets

// Times a player may not play
export { admit, type Bar, barOf, coolOff, exclude, refusalOfBar } from './bar.ts'
export { allowDeposit, countDeposit, imposeLimit, type Limit, limits, type Period, periods, setLimit } from './limit.ts'
