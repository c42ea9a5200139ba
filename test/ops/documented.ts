import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command, Option } from 'commander'
import { commands } from '../../ops/commands/all.ts'

type Documented = { where: string; words: string[] }

const root = join(import.meta.dirname, '../..')

/** Every command of `countroom`, by the words that call it: `keys destroy`. */
export async function allCommands(): Promise<Map<string, Command>> {
  const found = new Map<string, Command>()
  const add = (command: Command, before: string) => {
    const name = `${before}${command.name()}`
    found.set(name, command)
    for (const each of command.commands) add(each, `${name} `)
  }
  for (const load of Object.values(commands)) add(await load(), '')
  return found
}

/** What a page tells somebody to type: in a block of code, up to its comment, or within backticks; tables have a notation of their own. */
export function documentedIn(file: string): Documented[] {
  const lines = readFileSync(join(root, file), 'utf8').split('\n')
  return lines.flatMap((line, i) => {
    const block = /^ {4,}(?=\S)/.test(line) ? [line.trim().replace(/ {2,}# .*$/, '')] : undefined
    const codes = block ?? (line.startsWith('|') ? [] : [...line.matchAll(/`([^`]*)`/g)].map(([, code]) => code!))
    return codes.flatMap((code) =>
      [...code.matchAll(/(?:^|\bnpx )countroom ((?:"[^"]*"|'[^']*'|<[^>]*>|\$\([^)]*\)|[^"'<|;>)#])+)/g)].map(
        ([, rest]) => ({
          where: `${file}:${i + 1}`,
          words: wordsOf(rest!),
        }),
      ),
    )
  })
}

export function pagesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((name) => name.endsWith('.md'))
}

/** Undefined when the command is one that there is, with options that it takes; else what is wrong with it. */
export function wrongWith(words: readonly string[], all: ReadonlyMap<string, Command>): string | undefined {
  let name = words[0] ?? ''
  let command = all.get(name)
  if (!command) return `there is no countroom ${name}`
  const rest = words.slice(1)
  const given: string[] = []
  const known: Option[] = [...command.options]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '…') return undefined // as before, it says
    const below = given.length === 0 ? all.get(`${name} ${word}`) : undefined
    if (below) {
      command = below
      name = `${name} ${word}`
      known.push(...below.options)
    } else if (word.startsWith('-') && word !== '-') {
      const [flag = ''] = word.split('=')
      const option = known.find(({ short, long }) => flag === short || flag === long)
      if (!option && flag !== '--help') return `countroom ${name} knows no ${flag}`
      if (option?.required && !word.includes('=') && rest.shift() === undefined) return `${flag} wants a value`
    } else given.push(word)
  }
  const takes = command.registeredArguments
  if (given.length > takes.length && !takes.some(({ variadic }) => variadic))
    return `countroom ${name} takes no ${given.at(-1)}`
  const [choice] = [takes[0]?.argChoices]
  if (choice && given[0] && !given[0].startsWith('<') && !choice.includes(given[0]))
    return `countroom ${name} knows no ${given[0]}`
  return undefined
}

function wordsOf(text: string): string[] {
  return [...text.matchAll(/"[^"]*"|'[^']*'|<[^>]*>\S*|[^\s$]*\$\([^)]*\)\S*|\S+/g)].map(([word]) => word)
}
