import { Counter, Gauge } from 'prom-client'
import { type Reader, Refusal } from '#base'
import type { Config } from './config.ts'
import { type DatabaseAddress, openDatabase } from './database.ts'
import type { FaceContext } from './face.ts'
import type { Logger } from './log.ts'

/** Files made as they are sent. */
export type Exports = {
  /**
   * Answers with a file, CSV unless it says otherwise, made as fast as the client takes it. `begin` does what comes before the first byte (a record
   * in the audit log, say) and gives the chunks; when the client goes away or is too slow, they are not asked for more.
   *
   * @throws Refusal `exports.one_at_a_time`, `exports.full`, and whatever `begin` refuses
   */
  answer(
    c: FaceContext,
    what: { caller: string; file: string; type?: string },
    begin: (reader: Reader) => Promise<AsyncGenerator<string, void, void>>,
  ): Promise<never>
  close(): Promise<void>
}

const underWay = new Gauge({ name: 'countroom_exports', help: 'Exports being sent.' })
const ended = new Counter({
  name: 'countroom_exports_total',
  help: 'Exports by how they ended: sent, left (the client went away), late (took too long), failed.',
  labelNames: ['outcome'],
})

const csv = 'text/csv; charset=utf-8; header=present' // RFC 4180, section 3

type Outcome = 'sent' | 'left' | 'late' | 'failed'

/**
 * Exports read over connections of their own, so that however many are asked for, play and payments find theirs free;
 * and each statement ends after some seconds, whatever it waits for.
 */
export function openExports({
  config,
  database,
  log,
}: {
  config: Config
  database: DatabaseAddress
  log: Logger
}): Exports {
  const { exportsMax, exportSecondsMax, exportConnectionsMax, exportStatementSecondsMax } = config.limits
  const sql = openDatabase({
    ...database,
    name: `${config.name}-exports`,
    poolMax: exportConnectionsMax,
    idleSecondsMax: 30,
    statementSecondsMax: exportStatementSecondsMax,
  })
  const callers = new Set<string>()

  return {
    async answer(c, { caller, file, type = csv }, begin) {
      if (callers.has(caller))
        throw new Refusal(
          'throttled',
          'exports.one_at_a_time',
          'One download at a time; another of yours is under way.',
        )
      if (callers.size >= exportsMax)
        throw new Refusal('unavailable', 'exports.full', 'Too many downloads are under way. Try again in a moment.')
      callers.add(caller)
      underWay.set(callers.size)
      const free = () => {
        callers.delete(caller)
        underWay.set(callers.size)
      }
      const chunks = await begin(sql).catch((error) => {
        free()
        throw error
      })
      const { outgoing } = c.env
      const sent = streamOf(chunks, (outcome, error) => {
        clearTimeout(late)
        free()
        ended.inc({ outcome })
        if (outcome === 'failed' || outcome === 'late') outgoing.destroy() // the client must not take it for whole
        if (outcome === 'failed') log.error({ requestId: c.get('requestId'), err: error }, 'export failed')
      })
      const late = setTimeout(() => sent.end('late'), exportSecondsMax * 1000)
      late.unref()
      if (outgoing.destroyed) sent.end('left')
      outgoing.once('close', () => sent.end('left'))
      return new Response(sent.stream, {
        headers: {
          'content-type': type,
          'content-disposition': `attachment; filename="${file}"`,
          'cache-control': 'no-store',
        },
      }) as never
    },
    close: () => sql.end({ timeout: 5 }),
  }
}

/** The chunks as a stream that makes one when it is asked for one; says once how it ended. */
function streamOf(chunks: AsyncGenerator<string, void, void>, onEnd: (outcome: Outcome, error?: unknown) => void) {
  const encoder = new TextEncoder()
  let over = false
  const end = (outcome: Outcome, error?: unknown) => {
    if (over) return
    over = true
    chunks.return().catch(() => {}) // a read under way is let finish, and nothing follows it
    onEnd(outcome, error)
  }
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = await chunks.next()
          if (!next.done) return controller.enqueue(encoder.encode(next.value))
          end('sent')
        } catch (error) {
          end('failed', error)
        }
        controller.close()
      },
      cancel: () => end('left'),
    },
    { highWaterMark: 0 },
  )
  return { stream, end }
}
