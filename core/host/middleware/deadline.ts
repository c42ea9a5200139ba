import type { MiddlewareHandler } from 'hono'
import { Refusal } from '#base'
import type { FaceEnv } from '../face.ts'

/** This process's clock, in milliseconds since 1970; it goes on steadily when the system's is set. An edge learns it from `/health/ready`. */
export function nodeClockMs(): number {
  return performance.timeOrigin + performance.now()
}

/**
 * Refuses what is already late, by the deadline that the edge gives in this process's clock: after a pause of this process, whoever asked
 * was told so or has asked another core, and what was not begun is better not done.
 *
 * @throws Refusal `request.late` nothing was done
 */
export function inTime(): MiddlewareHandler<FaceEnv> {
  return async function inTime(c, next) {
    if (Number(c.req.header('x-deadline') ?? Infinity) < nodeClockMs())
      throw new Refusal(
        'unavailable',
        'request.late',
        'This came too late to be begun. Nothing was done; ask again with the same key.',
      )
    await next()
  }
}
