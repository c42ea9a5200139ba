import { type Logger, pino } from 'pino'

export type { Logger }

const errorLevel = 50

/**
 * One JSON line per thing worth knowing, to standard output. Headers, bodies and personal data never reach a line:
 * callers log ids and codes. Lines are written by the page, twice a second at the latest and at every error, so that a
 * line per bet costs no system call of its own.
 */
export function createLog(name: string, level: string): Logger {
  const destination = pino.destination({ dest: 1, sync: true, minLength: 4096 })
  setInterval(() => destination.flushSync(), 500).unref()
  process.once('exit', () => destination.flushSync())
  return pino(
    {
      name,
      level,
      base: { name },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['*.password', '*.token', '*.email'],
      hooks: {
        logMethod(line, write, level) {
          write.apply(this, line)
          if (level >= errorLevel) destination.flushSync()
        },
      },
    },
    destination,
  )
}
