import { registerHooks } from 'node:module'

/**
 * The driver of PostgreSQL, mended as it is loaded; what is installed stays what the lockfile says. postgres 3.4.9 does not
 * survive a connection that ends in the middle of a transaction:
 *
 * - A connection that is closed has no socket, and writing to it throws where nobody can catch: the process ends. The
 *   `rollback` of the transaction that was cut is such a write.
 * - What was about to be written when it closed stays, and with it the note that a write is due; a connection opened again
 *   would begin with the remains, or never write a small message again.
 * - The error that ended a connection stays as well, and is told to whoever asks first on the next.
 * - One that ends while it is being opened, at the question after the types there are, ends the process as well.
 * - One over TLS whose socket below is gone fails at what is still written, after nobody listens to it any more, and ends the process.
 * - What is asked between the error and the end of a connection is never answered, or by another's answer later.
 * - A transaction goes on after its connection was lost, and the pool may have opened that connection again by then: the
 *   statements that were still to come would each commit alone.
 *
 * Each mend names the text it replaces, so a driver that reads otherwise is refused and not half mended.
 */
const mends: Readonly<Record<string, ReadonlyArray<readonly [from: string, to: string]>>> = {
  '/postgres/src/connection.js': [
    [
      'const x = socket.write(chunk, fn)',
      `if (!socket) {
      clearImmediate(nextWriteTimer)
      chunk = nextWriteTimer = null
      error(Errors.connection('CONNECTION_CLOSED', options, socket))
      return false
    }
    const x = socket.write(chunk, fn)`,
    ],
    [
      'async function closed(hadError) {',
      `function forget() {
    query = results = errorResponse = null
    result = new Result()
    rows = 0
  }

  async function closed(hadError) {
    clearImmediate(nextWriteTimer)
    chunk = nextWriteTimer = null
    initial && forget()`,
    ],
    ['!hadError && (query || sent.length) && error(', ';(query || sent.length) && error('],
    ['closedTime = performance.now()\n', 'forget()\n    closedTime = performance.now()\n'],
    [
      'socket.removeAllListeners()\n    socket = null',
      "socket.removeAllListeners()\n    socket.on('error', () => {})\n    socket = null",
    ],
    ['return fetchArrayTypes()', 'return fetchArrayTypes().catch(() => {})'],
  ],
  '/postgres/src/index.js': [
    ['let savepoints = 0\n', 'let savepoints = 0\n      , lost = null\n'],
    [
      'new Promise((_, reject) => connection.onclose = reject)',
      'new Promise((_, reject) => connection.onclose = error => reject(lost = error))',
    ],
    [
      'q.catch(e => uncaughtError || (uncaughtError = e))\n',
      'q.catch(e => uncaughtError || (uncaughtError = e))\n        if (lost)\n          return q.reject(lost)\n',
    ],
  ],
}

const hooks = registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    const file = Object.keys(mends).find((name) => url.endsWith(name))
    return file ? { ...loaded, source: mended(file, String(loaded.source)) } : loaded
  },
})
const { default: postgres } = await import('postgres')
hooks.deregister()
export default postgres

function mended(file: string, source: string): string {
  return mends[file]!.reduce((text, [from, to]) => {
    if (text.split(from).length !== 2) throw new Error(`The driver's ${file} is not the one that is mended here.`)
    return text.replace(from, () => to)
  }, source)
}
