import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { allCommands, documentedIn, pagesIn, wrongWith } from './documented.ts'

test('whatever a page tells somebody to type is a command that there is, with subcommands and options that it takes', {
  timeout: 240_000,
}, async () => {
  const all = await allCommands()
  const pages = [...pagesIn('ops'), ...pagesIn('docs'), ...pagesIn('provisioning')]
  const documented = pages.flatMap(documentedIn)
  expect(documented.length).toBeGreaterThan(150)
  const wrong = documented.flatMap(({ where, words }) => {
    const why = wrongWith(words, all)
    return why ? [`${where}: ${words.join(' ')}: ${why}`] : []
  })
  expect(wrong).toEqual([])
})

test('whatever a command has to say it says for machines, too, but for what is no answer', {
  timeout: 240_000,
}, async () => {
  const all = [...(await allCommands())].filter(([, { commands }]) => commands.length === 0)
  const without = all.filter(([, command]) => {
    for (let each: typeof command | null = command; each; each = each.parent)
      if (each.options.some(({ long }) => long === '--json')) return false
    return true
  })
  expect(without.map(([name]) => name).sort()).toEqual([
    'logs', // lines as the processes wrote them
    'rng outcomes', // lines of JSON by themselves
    'rng raw', // bits
    'up', // stays; `status --json` has its card
    'witness', // stays
  ])
})

test('a subcommand, an option, an argument that there is not is found out', { timeout: 240_000 }, async () => {
  const all = await allCommands()
  for (const [line, why] of [
    ['backup prove', /takes no prove/],
    ['keys list --everything', /knows no --everything/],
    ['switchover --to', /wants a value/],
    ['verify nonsense', /knows no nonsense/],
    ['failback', /no countroom failback/],
  ] as const)
    expect(wrongWith(line.split(' '), all), line).toMatch(why)
  expect(wrongWith(['backup', 'verify', '--json'], all)).toBeUndefined()
})

test('of every bad day the operator reads what players see, and where to go on', () => {
  const ops = join(import.meta.dirname, '../../ops')
  const [, section = ''] = readFileSync(join(ops, 'README.md'), 'utf8').split('## Bad days\n')
  const rows = section
    .split('\n## ')[0]!
    .split('\n')
    .filter((line) => line.startsWith('| '))
  const days = rows.slice(2).map((row) => row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()))
  for (const day of [/settings/, /node/, /certificate/, /lock/, /restore/, /repository/, /token/, /two operators/]) {
    const found = days.filter(([what]) => day.test(what!))
    expect(found, String(day)).toHaveLength(1)
    const [, says, players, where] = found[0]!
    expect(says!.length, String(day)).toBeGreaterThan(10)
    expect(players, String(day)).toMatch(/nothing|reachable|bets|pause/)
    const page = /`(runbooks\/[\w-]+\.md)`/.exec(where!)?.[1]
    expect(page ? existsSync(join(ops, page)) : /_Settings_/.test(where!), String(day)).toBe(true)
  }
})
