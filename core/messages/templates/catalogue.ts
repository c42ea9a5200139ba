import type { Template } from '../template.ts'
import { account } from './account.ts'
import { closing } from './closing.ts'
import { codes } from './codes.ts'
import { security } from './security.ts'

/** Every message there is. */
export const templates = { ...account, ...closing, ...security, ...codes }

export type TemplateName = keyof typeof templates
/** What a template wants to be told. */
export type ValuesOf<T extends TemplateName> = Readonly<Record<(typeof templates)[T]['values'][number], string>>

export function templateOf(name: string): Template | undefined {
  return Object.hasOwn(templates, name) ? (templates[name as TemplateName] as unknown as Template) : undefined
}
