// Every rule that differs by licence
export {
  type GameKind,
  type PersonalFact,
  type Rules,
  rules,
  type SensitiveAct,
  type StepUpRule,
} from './rules.ts'
