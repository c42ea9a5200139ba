import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Home } from '../appliance/home.ts'

/** Shorter ones would be found everywhere; PKCS#11 takes no PIN shorter than this. */
const lengthMin = 4

/** Settings that name a file with a secret in it. */
const namesSecretFile = /^(secretFile|receiptSecretFile|passwordFile|keyFile|headersFile)$/

/**
 * Every secret of a home in every form it is known to be written in, longest first: of its own folders, and of files that its settings name.
 *
 * @throws Error of the file system when one cannot be read: then nobody can say that it is not told
 */
export function secretsOf(home: Home, settings: unknown): string[] {
  const own = ['secrets', 'run/credentials'].flatMap((folder) => filesIn(home.path(folder)))
  const keys = filesIn(home.path('tls')).filter((file) => file.endsWith('.key'))
  const named = namedIn(settings).filter((file) => existsSync(file))
  const values = [...own, ...keys, ...named].flatMap((file) => valuesIn(readFileSync(file, 'utf8')))
  const forms = values.filter((value) => value.length >= lengthMin).flatMap(formsOf)
  return [...new Set(forms)].sort((a, b) => b.length - a.length)
}

/** A key in PEM is told by any line of it, a header by its value, and by what stands behind `Bearer` in it. */
function valuesIn(text: string): string[] {
  if (text.includes('PRIVATE KEY-----')) return text.split('\n').filter((line) => /^[\w+/=]{20,}$/.test(line))
  const headers = [...text.matchAll(/^[\w-]+: *(\S.*)$/gm)].map(([, value]) => value!.trim())
  return [text.trim(), ...headers.flatMap((value) => [value, value.replace(/^\w+ /, '')])]
}

/** As it is, and as JSON, URLs and encodings have it. */
function formsOf(value: string): string[] {
  const bytes = Buffer.from(value)
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ]
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile())
}

function namedIn(settings: unknown): string[] {
  if (typeof settings !== 'object' || settings === null) return []
  return Object.entries(settings).flatMap(([name, value]) => {
    if (typeof value !== 'string') return namedIn(value)
    const isPin = name === 'file' && 'from' in settings
    return namesSecretFile.test(name) || isPin ? [value] : []
  })
}
