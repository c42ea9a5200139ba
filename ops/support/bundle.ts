import { execFileSync } from 'node:child_process'
import { existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { Home } from '../appliance/home.ts'
import { Trouble } from '../appliance/trouble.ts'
import { type Part, partsOf } from './parts.ts'
import { type Found, type Kind, redact } from './redaction.ts'
import { secretsOf } from './secrets.ts'

/** What was written: where, how much of it, and what was taken out of it. */
export type Bundle = { file: string; bytes: number; parts: string[]; removed: Found }

/**
 * Writes what a helper far away needs into one tar.gz, whole or not at all, for its owner alone. All of it is scanned before anything is written:
 * secrets and what looks like a person are taken out and counted in `scan.json`.
 *
 * @throws Trouble when there is no home, the file is there already, or a secret of the home is in the text after all
 */
export async function writeBundle(home: Home, to: string, { lines }: { lines: number }): Promise<Bundle> {
  const file = resolve(to)
  refuseUnfit(home, file)
  const settings = settingsOf(home)
  const secrets = secretsOf(home, settings)
  const { parts, removed, scan } = scanned(await partsOf(home, { lines, settings }), secrets)
  const all = [...parts, { path: 'scan.json', text: `${JSON.stringify({ removed, parts: scan }, null, 2)}\n` }]
  refuseSecrets(all, secrets)
  pack(all, file)
  return { file, bytes: statSync(file).size, parts: all.map(({ path }) => path), removed }
}

/** As they stand, valid or not: a start that refuses them is what help is asked for. */
function settingsOf(home: Home): unknown {
  if (!home.has('countroom.json')) return {}
  const text = readFileSync(home.path('countroom.json'), 'utf8')
  try {
    return JSON.parse(text)
  } catch {
    return { unreadable: text }
  }
}

function scanned(found: Part[], secrets: readonly string[]) {
  const removed: Found = {}
  const scan: Record<string, Found> = {}
  const parts = found.map(({ path, text }) => {
    const clean = redact(text, secrets)
    if (Object.keys(clean.found).length > 0) scan[path] = clean.found
    for (const [kind, count] of Object.entries(clean.found) as Array<[Kind, number]>)
      removed[kind] = (removed[kind] ?? 0) + count
    return { path, text: clean.text }
  })
  return { parts, removed, scan }
}

/** The last look, at the very text that is written. */
function refuseSecrets(parts: Part[], secrets: readonly string[]): void {
  const telling = parts.find(({ path, text }) =>
    secrets.some((secret) => text.includes(secret) || path.includes(secret)),
  )
  if (telling)
    throw new Trouble(
      `Nothing was written: ${telling.path} would tell a secret of this home, whatever is taken out of it.`,
      {
        setting: 'secrets/ in the home',
        remedy: 'give what is asked for by hand; a secret that is an ordinary word is better changed',
      },
    )
}

function refuseUnfit(home: Home, file: string): void {
  if (!home.has())
    throw new Trouble(`There is no home ${home.dir}.`, {
      setting: 'COUNTROOM_HOME',
      remedy: 'COUNTROOM_HOME=<its home> npx countroom support-bundle <file>',
    })
  if (existsSync(file))
    throw new Trouble(`${file} is there already.`, { setting: '<file>', remedy: 'name another file' })
  if (!existsSync(dirname(file)))
    throw new Trouble(`There is no folder ${dirname(file)}.`, {
      setting: '<file>',
      remedy: `mkdir -p ${dirname(file)}`,
    })
}

/** Beside its place and then into it: a bundle that is there is whole. */
function pack(parts: Part[], file: string): void {
  const work = mkdtempSync(join(dirname(file), '.support-'))
  const name = basename(file).replace(/\.(tar\.gz|tgz)$/, '') || 'support'
  try {
    for (const { path, text } of parts) {
      mkdirSync(dirname(join(work, name, path)), { recursive: true })
      writeFileSync(join(work, name, path), text, { mode: 0o600 })
    }
    writeFileSync(join(work, 'packed'), '', { mode: 0o600 })
    execFileSync('tar', ['--owner=0', '--group=0', '-czf', join(work, 'packed'), '-C', work, `./${name}`])
    linkSync(join(work, 'packed'), file) // never over what somebody put there meanwhile
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
