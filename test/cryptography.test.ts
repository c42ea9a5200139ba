import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { newSecret } from '#keys'

/** What the sources may do with cryptography, read off the tree. */
const root = join(import.meta.dirname, '..')
const sources = ['core', 'edge', 'ops'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|js)$/.test(file) && !file.includes('node_modules'))
    .map((file) => join(root, folder, file)),
)
const lines = sources.flatMap((file) =>
  withoutComments(readFileSync(file, 'utf8'))
    .split('\n')
    .map((text, index) => ({ where: `${relative(root, file)}:${index + 1}`, text })),
)
const matching = (pattern: RegExp, among: readonly Line[] = lines) =>
  among.flatMap(({ where, text }) => [...text.matchAll(pattern)].map((found) => ({ where, text: text.trim(), found })))
type Line = { where: string; text: string }

/** Where the block cipher stands alone: no message is enciphered there, it is the generator's (NIST SP 800-90A, 10.2.1 and 10.3). */
const generator = /^core\/rng\/ctr-drbg\.ts:/

/** pgBackRest knows no other cipher. What somebody changes in a repository is found by the checksums in it, and after a restore by the books' own proof. */
const repositories = /^ops\/backup\/configuration\.ts:/

test('[S34] the one cipher is authenticated: AES-256-GCM with a tag of 128 bits, whose length is always said', () => {
  const ciphers = matching(/\bcreate(?:Cipher|Decipher)(?:iv)?\(([^)]*)/g)
  expect(ciphers.length).toBeGreaterThan(1)
  for (const { where, text } of ciphers) {
    if (generator.test(where)) continue
    expect(text, where).toMatch(/'aes-256-gcm'/)
    expect(text, where).toMatch(/authTagLength: (tagBytes|16)/)
  }
})

test('[S34] no name of a mode without authentication, of an old cipher, of PKCS #1 v1.5 encryption is in the sources', () => {
  const old =
    /\b(?:\w*_)?(?:aes[-_]?\d*[-_])?(?:ecb|cbc|cfb|ofb)\b|\bdes[-_]?(?:ede|cbc)?\d?\b|\brc[24]\b|blowfish|\bpublicEncrypt\b|\bprivateDecrypt\b|RSA_PKCS1_PADDING|CKM_RSA_PKCS\b|CKM_AES_(?:CBC|ECB|CTR)/gi
  const words = /^core\/(?:messages\/templates\/|games\/(?:.+\/)?rules\.ts)/ // in French and German "des" is a word
  expect(
    matching(
      old,
      lines.filter(({ where }) => !words.test(where) && !generator.test(where) && !repositories.test(where)),
    ).map(({ where, text }) => `${where}: ${text}`),
  ).toEqual([])
})

/** Where SHA-1 stands, and why it is no weakness there. */
const withSha1: Array<[file: string, why: string]> = [
  ['core/factors/totp.ts', 'the HMAC of RFC 4226, 160 bits and unbroken: authenticator apps compute no other'],
  [
    'edge/tls/ocsp.ts',
    'how RFC 5019 names a certificate to its responder; what is answered is signed over SHA-256 or longer',
  ],
  [
    'edge/balance/switching.ts',
    'by which RFC 6455 says that a server read the question for a WebSocket; no secret is in it',
  ],
  ...['core/players/password.ts', 'core/players/ports.ts', 'core/host/breach-file.ts', 'ops/commands/passwords.ts'].map(
    (file): [string, string] => [file, 'how lists of stolen passwords are published; nothing is kept under it'],
  ),
]

test('[S31] every hash, HMAC and signature is over SHA-256 or longer; passwords go to argon2id; TLS begins at 1.2', () => {
  const named = [
    ...matching(/\bcreate(?:Hash|Hmac|Sign|Verify)\(\s*'([^']+)'/g),
    ...matching(/\bhash\(\s*'([^']+)'/g),
    ...matching(/\bhkdf(?:Sync)?\(\s*'([^']+)'/g),
    ...matching(/(?<![.\w])(?:verify|sign|verifySignature)\(\s*'([^']+)'/g),
  ]
  expect(named.length).toBeGreaterThan(20)
  const isKnown = ({ where }: Line) => withSha1.some(([file]) => where.startsWith(`${file}:`))
  for (const { where, found, text } of named)
    if (!isKnown({ where, text })) expect(found[1], where).toMatch(/^(?:rsa-)?sha(?:256|384|512)$/i)
  const old = matching(/\b(?:md5|sha-?1)\b/gi).filter((line) => !isKnown(line))
  expect(old.map(({ where, text }) => `${where}: ${text}`)).toEqual([])
  expect(matching(/argon2(?:id|i|d)'/g).every(({ found }) => found[0] === "argon2id'")).toBe(true)
  for (const { where, found } of matching(/\bminVersion: '([^']+)'/g)) expect(found[1], where).toMatch(/^TLSv1\.[23]$/)
  expect(matching(/NODE_TLS_REJECT_UNAUTHORIZED|\bmaxVersion: 'TLSv1(?:\.1)?'/g)).toEqual([])
  // A server may let somebody come without a certificate to tell them so; who connects never does without the other's.
  const lenient = matching(/\brejectUnauthorized: false/g).filter(({ text }) => !text.includes('requestCert: true'))
  expect(lenient.map(({ where }) => where)).toEqual([])
})

test("[S16] whoever is signed in is known by 256 bits of the system's generator, made in one place", () => {
  const secrets = Array.from({ length: 50_000 }, () => newSecret().secret)
  expect(new Set(secrets).size).toBe(secrets.length)
  for (const secret of secrets) expect(secret).toMatch(/^[\w-]{43}$/)
  const ones = secrets.slice(0, 5000).reduce((sum, secret) => sum + bitsOf(Buffer.from(secret, 'base64url')), 0)
  expect(Math.abs(ones - 5000 * 128) / Math.sqrt(5000 * 64)).toBeLessThan(5)
  const rooms = ({ where }: Line) => /^core\/(?:sessions|staff|access)\//.test(where)
  const others = matching(/\b(?:randomBytes|randomUUID|getRandomValues|Math\.random|nanoid)\(/g, lines.filter(rooms))
  expect(others.map(({ where }) => where.replace(/:\d+$/, ''))).toEqual(['core/sessions/reset.ts']) // the code of a mail
  expect(matching(/\bnewSecret\(\)/g, lines.filter(rooms)).length).toBeGreaterThan(4)
})

function bitsOf(bytes: Buffer): number {
  return [...bytes].reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0)
}

/** What is compared although its name sounds secret, and why it is none. */
const noSecrets: Array<[file: string, what: RegExp, why: string]> = [
  ['core/program/', /digest/, 'sums of files, which are in a list for everybody'],
  ['core/keys/agent/', /\blabel\b/, 'the name of a token'],
  ['core/keys/agent/probe.ts', /mac\(\)/, 'of a known text, twice, by a key that was made for the trial'],
  ['core/keys/password.ts', /stored\.pepper/, 'the name of the key, not the key'],
  ['core/keys/dek-backup.ts', /digest/, 'a sum over a file that stands at its end'],
  ['core/staff/', /digest/, 'what two people agree on: shown to both of them'],
  ['core/host/continuity.ts', /digest/, 'of a batch of the books, which stands in them for every auditor'],
  ['edge/limit/table.ts', /\btag\b/, 'which place of a table of counters is whose; nobody asks for it by its value'],
]

/** Hashes and signatures are for everybody in a log that proves itself; what must not be guessed has one of these names. */
test('[S32] what is secret is never compared with ===: its time would tell how much of it was right', () => {
  expect(comparedSecrets(lines)).toEqual([])
  // The rule itself finds what it is for, and lets pass what tells nothing.
  const bad = ['if (secret === given) return', 'row.code_mac !== mac', 'digest?.equals(expected)', 'token == wanted']
  expect(comparedSecrets(bad.map((text, index) => ({ where: `x:${index}`, text })))).toHaveLength(bad.length)
  const good = [
    "token === ''",
    'secret !== undefined',
    'mac.length === 32',
    "kind === 'token'",
    'account === secretary?.id',
  ]
  expect(comparedSecrets(good.map((text) => ({ where: 'x:1', text })))).toEqual(['x:1: account === secretary?.id'])
})

function comparedSecrets(among: readonly Line[]): string[] {
  const secret =
    /(?:secret|password|passphrase|\bpin\b|token|bearer|\b\w*_?mac\b|hmac|digest|\btag\b|binding|commitment|pepper|credential)/i
  const operand = String.raw`[\w$.?!\[\]()]+`
  const comparison = new RegExp(
    `(${operand})\\s*[!=]==?\\s*(${operand}|'[^']*')|(${operand})\\??\\.equals\\((${operand})`,
    'g',
  )
  return matching(comparison, among)
    .filter(({ where }) => !where.startsWith('core/host/web/browser/'))
    .filter(({ found }) => {
      const sides = found.slice(1).filter((side) => side !== undefined)
      const known = sides.some((side) => /^(?:'|undefined\b|null\b|true\b|false\b|\d)|\.length\b|^typeof\b/.test(side))
      return !known && sides.some((side) => secret.test(side))
    })
    .filter(({ where, text }) => !noSecrets.some(([file, what]) => where.startsWith(file) && what.test(text)))
    .map(({ where, text }) => `${where}: ${text}`)
}

test('[S32] where secrets are checked, the comparison takes the same time whatever it finds', () => {
  const checked = matching(/\btimingSafeEqual\(/g).map(({ where }) => where.replace(/:\d+$/, ''))
  for (const file of ['core/keys/password.ts', 'core/players/confirmation.ts', 'core/host/signature.ts'])
    expect(checked).toContain(file)
})

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' ')).replace(/(^|\s)\/\/.*$/gm, '$1')
}
