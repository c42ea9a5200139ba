// Every rule that differs by licence
export { type GameKind, type Rules, rules, type SensitiveAct, type StepUpRule } from './rules.ts'
