import { type Logger, pino } from 'pino'

export type { Logger }

/**
 * One JSON line per thing worth knowing, to standard output. Headers, bodies and personal data never reach a line:
 * callers log ids and codes.
 */
export function createLog(name: string, level: string): Logger {
  return pino(
    {
      name,
      level,
      base: { name },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['*.password', '*.token', '*.email'],
    },
    pino.destination({ dest: 1, sync: true }),
  )
}
