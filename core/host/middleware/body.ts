import type { MiddlewareHandler } from 'hono'
import { Refusal } from '#base'
import type { FaceEnv } from '../face.ts'

/**
 * Refuses a body larger than the limit by its announced length, which the parser then holds it to. The edge reads bodies
 * whole and always announces; one without a length did not come that way.
 */
export function bodyWithin(bytesMax: number): MiddlewareHandler<FaceEnv> {
  return async function bodyWithin(c, next) {
    if (c.req.header('transfer-encoding') !== undefined)
      throw new Refusal('invalid', 'request.length_missing', 'A request body comes with its length.')
    if (Number(c.req.header('content-length') ?? 0) > bytesMax)
      throw new Refusal('oversize', 'request.too_large', `A request body has at most ${bytesMax} bytes.`)
    await next()
  }
}

/**
 * Parses a JSON body once, strictly: what is not JSON is refused with a stable code, and so is a document that names
 * one member twice, since two readers could then see two different requests.
 */
export function strictJson(): MiddlewareHandler<FaceEnv> {
  return async function strictJson(c, next) {
    if (c.req.header('content-type')?.startsWith('application/json')) {
      const text = await c.req.text()
      if (text !== '') {
        refuseAmbiguousJson(text)
        refuseNul(text)
      }
    }
    await next()
  }
}

/** The one character that JSON takes and a text in the database does not. @throws Refusal `request.malformed_text` */
function refuseNul(text: string): void {
  if (/(?<!\\)(?:\\\\)*\\u0000/.test(text))
    throw new Refusal('invalid', 'request.malformed_text', 'The body has a character in it that no text has.')
}

/** No request is near this deep; what walks one by recursion could be sent to the end of its stack. */
const depthMax = 32

/** @throws Refusal `request.malformed_json`, `request.too_deep`, `request.duplicate_member` */
export function refuseAmbiguousJson(text: string): void {
  try {
    JSON.parse(text)
  } catch {
    throw new Refusal('invalid', 'request.malformed_json', 'The body is not well-formed JSON.')
  }
  if (depthOf(text) > depthMax) throw new Refusal('invalid', 'request.too_deep', 'The body is nested too deeply.')
  if (hasDuplicateMember(text))
    throw new Refusal('invalid', 'request.duplicate_member', 'The body names one member twice.')
}

/** How many objects and arrays stand in each other at most, in well-formed JSON. */
export function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  for (let i = 0; i < text.length; i++) {
    const mark = text[i]
    if (mark === '"') i = endOfString(text, i)
    else if (mark === '{' || mark === '[') deepest = Math.max(deepest, ++depth)
    else if (mark === '}' || mark === ']') depth--
  }
  return deepest
}

/** Walks well-formed JSON and compares the names within each object. */
export function hasDuplicateMember(text: string): boolean {
  const open: Array<Set<string> | undefined> = [] // a set of names for an object, undefined for an array
  let expectsName = false
  for (let i = 0; i < text.length; i++) {
    const mark = text[i]
    if (mark === '{') {
      open.push(new Set())
      expectsName = true
    } else if (mark === '[') {
      open.push(undefined)
      expectsName = false
    } else if (mark === '}' || mark === ']') {
      open.pop()
      expectsName = false
    } else if (mark === ',') {
      expectsName = open.at(-1) !== undefined
    } else if (mark === '"') {
      const end = endOfString(text, i)
      if (expectsName) {
        const name = JSON.parse(text.slice(i, end + 1)) as string
        const names = open.at(-1)
        if (names?.has(name)) return true
        names?.add(name)
        expectsName = false
      }
      i = end
    }
  }
  return false
}

function endOfString(text: string, start: number): number {
  let i = start + 1
  while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1
  return i
}
