// Every rule that differs by licence
export { type Rules, rules } from './rules.ts'
