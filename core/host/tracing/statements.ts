import { type Attributes, type Span, SpanKind } from '@opentelemetry/api'
import type { Sql } from '../database.ts'
import { fail, type Spans } from './spans.ts'

/** A question to the database as the driver has it: its text is final once it was sent, its values stand apart. */
type Question = {
  executed: boolean
  readonly strings: readonly string[]
  readonly string?: string
  resolve(answer: unknown): void
  reject(error: unknown): void
  handle(): unknown
}

const textsMax = 2000 // the program has some hundreds

/**
 * From now on each statement that belongs to work which is followed is a span, in every pool of this process. The driver has no hook for it, so
 * the one method that everything asked goes through is wrapped; where nothing is followed it is as it was.
 */
export function followStatements(spans: Spans, sql: Sql, database: string): void {
  const known = new Map<string, Attributes>()
  const asked: Question = Object.getPrototypeOf(sql`select 1`) // never sent: only who awaits a question asks it
  const { handle } = asked
  asked.handle = function (this: Question) {
    const parents = this.executed ? [] : spans.active()
    if (parents.length > 0) watch(this, parents)
    return handle.call(this)
  }

  function watch(question: Question, parents: readonly Span[]): void {
    const each = parents.map((parent) => spans.begin('sql', SpanKind.CLIENT, parent))
    const { resolve, reject } = question
    const end = (error?: unknown) => {
      const text = question.string ?? question.strings.join('?')
      for (const span of each) {
        const attributes = attributesOf(text)
        span.updateName(String(attributes['db.query.summary']))
        span.setAttributes(attributes)
        if (error !== undefined) {
          fail(span, error)
          const { code } = error as { code?: unknown }
          if (typeof code === 'string') span.setAttribute('db.response.status_code', code)
        }
        span.end()
      }
    }
    question.resolve = (answer) => {
      end()
      resolve(answer)
    }
    question.reject = (error) => {
      end(error)
      reject(error)
    }
  }

  function attributesOf(text: string): Attributes {
    const before = known.get(text)
    if (before) return before
    const operation = (/^\s*(?:\/\*.*?\*\/\s*)*([a-z]+)/i.exec(text)?.[1] ?? 'sql').toUpperCase()
    const place = /\b(?:from|into|update|join|call)\s+([a-z_]\w*(?:\.[a-z_]\w*)?)/i.exec(text)?.[1]
    const attributes = {
      'db.system.name': 'postgresql',
      'db.namespace': database,
      'db.operation.name': operation,
      'db.query.summary': place ? `${operation} ${place}` : operation,
      'db.query.text': withoutLiterals(text),
    }
    if (known.size < textsMax) known.set(text, attributes)
    return attributes
  }
}

/** The text of a statement with `?` in the place of whatever might be a value; parameters (`$1`) stay. */
export function withoutLiterals(text: string): string {
  return text
    .replace(/\$(\w*)\$[\s\S]*?\$\1\$|\b[eE]?'(?:[^'\\]|''|\\[\s\S])*'|'(?:[^']|'')*'/g, '?')
    .replace(/(?<![\w$.])\d+(?:\.\d+)?\b/g, '?')
    .replace(/\s+/g, ' ')
    .trim()
}
