import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { rooms } from '../core/rooms.ts'

/** The house rules that a machine can hold, read off the tree. */
const root = join(import.meta.dirname, '..')
const core = join(root, 'core')

type Source = { path: string; text: string; imports: string[] }

const sources = ['core', 'edge', 'ops', 'test'].flatMap((folder) => filesOf(join(root, folder), /\.(ts|js)$/)).map(read)
const roomSources = sources.filter((source) => rooms.some((room) => source.path.startsWith(`core/${room}/`)))

test('core holds the rooms of the list, the host, and nothing else', () => {
  const folders = readdirSync(core, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
  expect(folders.sort()).toEqual([...rooms, 'host'].sort())
})

test.each(rooms)('the room %s has a page, a door and a test', (room) => {
  for (const file of ['README.md', 'index.ts']) expect(existsSync(join(core, room, file)), `${room}/${file}`).toBe(true)
  expect(filesOf(join(root, 'test/core', room), /\.test\.ts$/).length, `test/core/${room}`).toBeGreaterThan(0)
})

test('a room uses only the rooms before it', () => {
  const reachingUp = roomSources.flatMap((source) => {
    const own = rooms.findIndex((room) => source.path.startsWith(`core/${room}/`))
    return source.imports
      .filter((name) => name.startsWith('#') && rooms.findIndex((room) => `#${room}` === name) >= own)
      .map((name) => `${source.path} -> ${name}`)
  })
  expect(reachingUp).toEqual([])
})

test('nobody enters a room but by its door', () => {
  const climbing = sources
    .filter((source) => !source.path.startsWith('test/'))
    .flatMap((source) =>
      source.imports
        .filter((name) => name.startsWith('.'))
        .map((name) => relative(root, join(root, source.path, '..', name)))
        .filter((target) => {
          const room = rooms.find((name) => target.startsWith(`core/${name}/`))
          return room !== undefined && !source.path.startsWith(`core/${room}/`)
        })
        .map((target) => `${source.path} -> ${target}`),
    )
  expect(climbing).toEqual([])
})

test('a room knows no Hono, no Redis, no environment, no console, and opens no transaction', () => {
  const agent = /^core\/keys\/agent\// // a process of its own, which happens to live in the room it serves
  const outside = roomSources
    .filter((source) => !agent.test(source.path))
    .flatMap((source) => {
      const found = source.imports.filter((name) => /^(hono|@hono\/|ioredis|pg-boss|prom-client)/.test(name))
      const words = source.text.match(/process\.env|console\.\w+\(|\.begin\(/g) ?? []
      return [...found, ...words].map((what) => `${source.path}: ${what}`)
    })
  expect(outside).toEqual([])
})

test('what runs in a browser and what runs on the server do not import each other', () => {
  const inBrowser = (path: string) =>
    path === 'uplot' || /^core\/(host\/web\/browser|games\/catalogue\/[\w-]+\/page)\//.test(path)
  const mixed = sources
    .filter(({ path }) => path.startsWith('core/'))
    .flatMap((source) =>
      source.imports
        .filter((name) => /^(\.|#|node:|@?[a-z])/.test(name))
        .map((name) => (name.startsWith('.') ? relative(root, join(root, source.path, '..', name)) : name))
        .filter(
          (target) => inBrowser(source.path) !== inBrowser(target) && (inBrowser(source.path) || inBrowser(target)),
        )
        .map((target) => `${source.path} -> ${target}`),
    )
  expect(mixed).toEqual([])
})

test('only the key agent loads the PKCS#11 binding', () => {
  const loaders = sources.filter((source) => !source.path.startsWith('test/') && source.imports.includes('pkcs11js'))
  expect(loaders.filter((source) => !source.path.startsWith('core/keys/agent/')).map((source) => source.path)).toEqual(
    [],
  )
})

test('use runs one way: edge never imports core, core never imports edge or ops, the sandbox imports neither', () => {
  const forbidden: Array<[from: string, to: RegExp]> = [
    ['edge/', /^(core|ops)\//],
    ['core/', /^(edge|ops|test)\//],
    ['ops/sandbox/', /^(core|edge)\//],
    ['ops/', /^test\//],
  ]
  const wrong = sources.flatMap((source) =>
    source.imports.flatMap((name) => {
      const target = name.startsWith('#')
        ? `core/${name.slice(1)}/`
        : name.startsWith('.')
          ? relative(root, join(root, source.path, '..', name))
          : ''
      return forbidden
        .filter(([from, to]) => source.path.startsWith(from) && to.test(target))
        .map(() => `${source.path} -> ${name}`)
    }),
  )
  expect(wrong).toEqual([])
})

test('migrations are numbered from one without a gap', () => {
  for (const room of rooms) {
    const files = filesOf(join(core, room, 'sql'), /\.sql$/).map((file) => file.split('/').at(-1) ?? '')
    expect(
      files.sort().map((file) => Number(file.slice(0, 4))),
      room,
    ).toEqual(files.map((_, index) => index + 1))
  }
})

test('only the host, operations and tests open a transaction', () => {
  const openers = sources.filter((source) => /\bsql\.begin\(/.test(source.text)).map((source) => source.path)
  expect(openers.filter((path) => !/^(core\/host|ops|test)\//.test(path))).toEqual([])
})

function filesOf(folder: string, pattern: RegExp): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => pattern.test(file) && !file.includes('node_modules'))
    .map((file) => join(folder, file))
}

function read(path: string): Source {
  const text = readFileSync(path, 'utf8')
  const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"\n]+)['"]/g)].map((match) => match[1] ?? '')
  return { path: relative(root, path), text, imports }
}
