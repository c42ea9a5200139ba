// The control program: what was approved, and whether it is what is there

// Approving what is there
export { type Approval, approve, settle, wasApproved } from './approval.ts'
// Looking at the files alone
export { filesOf, hashFiles } from './files.ts'
// Comparing
export { type Difference, type Inspection, inspect } from './inspection.ts'
export { type Place, sumOf } from './manifest.ts'
export { compareRelease, parseRelease, type ReleaseCheck } from './release.ts'
export type { OnMismatch } from './statement.ts'
export { printSums } from './sums.ts'
export { type Survey, survey } from './survey.ts'
// What was found
export { keep, lastVerdict, type Occasion, tellDifference, type Verdict } from './verdict.ts'
