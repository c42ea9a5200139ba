/** A schema as OpenAPI 3.1 writes it. */
type Schema = {
  $ref?: string
  type?: string | string[]
  maxLength?: number
  pattern?: string
  maxItems?: number
  items?: Schema
  properties?: Record<string, Schema>
  additionalProperties?: boolean | Schema
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
}

/** The most that JSON of a schema can be. `bytes` and `depth` are infinite where the schema sets no end. */
export type Bounds = { bytes: number; depth: number }

const numberBytes = 32
const escapedBytes = 6 // a character as \u0000

/** @param find the schema behind a reference */
export function boundsOf(schema: Schema, find: (reference: string) => Schema): Bounds {
  if (schema.$ref !== undefined) return boundsOf(find(schema.$ref), find)
  const several = schema.anyOf ?? schema.oneOf
  if (several) return worst(several.map((each) => boundsOf(each, find)))
  if (schema.allOf) return endless
  if (schema.const !== undefined) return { bytes: JSON.stringify(schema.const).length * escapedBytes, depth: 0 }
  if (schema.enum)
    return worst(schema.enum.map((each) => ({ bytes: JSON.stringify(each).length * escapedBytes, depth: 0 })))
  return worst([schema.type ?? 'anything'].flat().map((type) => ofType(type, schema, find)))
}

const endless: Bounds = { bytes: Number.POSITIVE_INFINITY, depth: Number.POSITIVE_INFINITY }

function ofType(type: string, schema: Schema, find: (reference: string) => Schema): Bounds {
  if (type === 'null' || type === 'boolean' || type === 'number' || type === 'integer')
    return { bytes: numberBytes, depth: 0 }
  if (type === 'string') return { bytes: (lengthOf(schema) ?? Number.POSITIVE_INFINITY) * escapedBytes + 2, depth: 0 }
  if (type === 'array') {
    const item = boundsOf(schema.items ?? {}, find)
    return { bytes: (schema.maxItems ?? Number.POSITIVE_INFINITY) * (item.bytes + 1) + 2, depth: item.depth + 1 }
  }
  if (type !== 'object' || schema.additionalProperties !== false) return endless
  const members = Object.entries(schema.properties ?? {}).map(([name, each]) => ({ name, ...boundsOf(each, find) }))
  return {
    bytes: members.reduce((sum, { name, bytes }) => sum + name.length * escapedBytes + bytes + 4, 2),
    depth: Math.max(0, ...members.map(({ depth }) => depth)) + 1,
  }
}

/** A pattern that fixes a length says as much as a `maxLength`. */
function lengthOf({ maxLength, pattern }: Schema): number | undefined {
  if (maxLength !== undefined) return maxLength
  const counted = /^\^\[[^\]]+\]\{(?:\d+,)?(\d+)\}\$$/.exec(pattern ?? '')
  return counted ? Number(counted[1]) : undefined
}

function worst(all: readonly Bounds[]): Bounds {
  return { bytes: Math.max(0, ...all.map(({ bytes }) => bytes)), depth: Math.max(0, ...all.map(({ depth }) => depth)) }
}
