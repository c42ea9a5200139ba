import { kindOf } from './catalogue.ts'
import type { FieldType, Kind, Shape } from './kind.ts'

type Fields = Readonly<Record<string, unknown>>
type Given = { detail?: Fields; before?: Fields; after?: Fields; personal?: Fields }

/** What is wrong with an event by the catalogue; undefined when it is as it should be [S48]. */
export function objectionTo(code: string, given: Given): string | undefined {
  const kind = kindOf(code)
  if (!kind) return `there is no code ${code}`
  const objection = shapeObjection(kind.detail ?? {}, given.detail ?? {}) ?? changesObjection(kind, given)
  if (objection) return `${code}: ${objection}`
  const foreign = Object.keys(given.personal ?? {}).find((name) => name !== 'address' && !kind.personal?.includes(name))
  return foreign === undefined ? undefined : `${code}: nothing personal is called ${foreign}`
}

function shapeObjection(shape: Shape, fields: Fields): string | undefined {
  const unknown = Object.keys(fields).find((name) => fields[name] !== undefined && !Object.hasOwn(shape, name))
  if (unknown !== undefined) return `it has no field ${unknown}`
  for (const [name, wanted] of Object.entries(shape)) {
    const value = fields[name]
    const optional = wanted.endsWith('?')
    if (value === undefined || value === null) {
      if (!optional) return `the field ${name} is missing`
    } else if (!isOf[(optional ? wanted.slice(0, -1) : wanted) as FieldType](value)) return `${name} is no ${wanted}`
  }
  return undefined
}

function changesObjection(kind: Kind, { before, after }: Given): string | undefined {
  if ((before === undefined) !== (after === undefined)) return 'before and after stand together'
  if (!before || !after) return kind.changes ? 'what changed is missing' : undefined
  const foreign = [...Object.keys(before), ...Object.keys(after)].find((name) => !kind.changes?.includes(name))
  return foreign === undefined ? undefined : `${foreign} is nothing that changes`
}

const isOf: Record<FieldType, (value: unknown) => boolean> = {
  text: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  amount: (value) => typeof value === 'bigint' || (typeof value === 'string' && /^-?\d{1,19}$/.test(value)),
  flag: (value) => typeof value === 'boolean',
  instant: (value) =>
    value instanceof Date
      ? !Number.isNaN(value.getTime())
      : typeof value === 'string' && !Number.isNaN(Date.parse(value)),
  texts: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
  fields: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
}
