import { readFileSync, statSync } from 'node:fs'

export type Watched<T> = {
  current(): T
  close(): void
}

const lookEveryMs = 1000

/**
 * What is made of files, made again when one of them changes. What cannot be read then is told once, and what was good stays.
 *
 * @throws what `make` throws, at the beginning
 */
export function watchFiles<T>(
  files: readonly string[],
  make: (contents: readonly Buffer[]) => T,
  heard: { onChange: () => void; onProblem: (error: Error) => void },
): Watched<T> {
  let marks = marksOf(files)
  let current = make(files.map((file) => readFileSync(file)))
  const looking = setInterval(() => {
    const now = marksOf(files)
    if (now === marks) return
    marks = now
    try {
      current = make(files.map((file) => readFileSync(file)))
      heard.onChange()
    } catch (error) {
      heard.onProblem(error as Error)
    }
  }, lookEveryMs)
  looking.unref()
  return { current: () => current, close: () => clearInterval(looking) }
}

function marksOf(files: readonly string[]): string {
  return files
    .map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false })
      return `${stat?.ino} ${stat?.size} ${stat?.mtimeMs}`
    })
    .join('|')
}
