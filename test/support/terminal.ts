import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

export const interrupt = '\u0003'

/** Somebody at a terminal. */
export type Terminal = {
  /** What has been on the screen since the last answer, once it says this; without the terminal's control characters. */
  shows(what: string | RegExp, secondsMax?: number): Promise<string>
  /** Answers: the letters and Enter. */
  answer(text: string): void
  /** Presses keys, and no Enter. */
  press(keys: string): void
  /** All that was ever on the screen. */
  screen(): string
  ended: Promise<number | null>
}

/** The operator's command on a terminal of its own (`script` of util-linux makes it), as an operator has it. */
export function openTerminal(home: string, args: readonly string[]): Terminal {
  const words = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    join(import.meta.dirname, '../../ops/countroom.ts'),
    ...args,
  ]
  const child = spawn('script', ['-qefc', `stty cols 120 rows 50; exec ${words.map(quoted).join(' ')}`, '/dev/null'], {
    env: { ...process.env, NODE_ENV: '', NODE_OPTIONS: '', CI: '', TERM: 'xterm', COUNTROOM_HOME: home },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let shown = ''
  let seen = 0
  let code: number | null | undefined
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString()
  })
  child.stdin.on('error', () => {}) // it ended before it read
  const ended = new Promise<number | null>((resolve) =>
    child.once('close', (given) => {
      code = given
      resolve(given)
    }),
  )
  const screen = () => stripVTControlCharacters(shown)
  return {
    async shows(what, secondsMax = 60) {
      const end = Date.now() + secondsMax * 1000
      for (;;) {
        const since = screen().slice(seen)
        const found = typeof what === 'string' ? since.includes(what) : what.test(since)
        if (found) return since
        if (code !== undefined) throw new Error(`it ended with ${code} and did not show ${what}:\n${since}`)
        if (Date.now() > end) throw new Error(`it does not show ${what}:\n${since}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    answer(text) {
      seen = screen().length
      child.stdin.write(`${text}\r`)
    },
    press(keys) {
      seen = screen().length
      child.stdin.write(keys)
    },
    screen,
    ended,
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
