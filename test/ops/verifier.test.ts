import { spawnSync } from 'node:child_process'
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { canonical } from '#base'

/*
 * The verifier is for somebody who does not believe the log's owner, so the owner here lies: the key signs whatever tree the
 * test makes, and nothing of the product but the formats has a hand in it.
 */
const origin = 'countroom/liar'
const verifier = join(import.meta.dirname, '../../ops/verifier/verify-audit-log.mjs')
const dir = mkdtempSync(join(tmpdir(), 'cr-verifier-'))
const pair = generateKeyPairSync('ed25519')
const key = audit.noteKey(origin, pair.publicKey)
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('an entry longer than any entry of the log can be is refused, whatever its first bytes are [S51]', () => {
  const long = 'x'.repeat(70_000)
  for (const said of ['', '"approved"}', '"refused and never paid"}'])
    expect(
      verify('log', bundle([event(0), `${long}${said}`, event(2)], { signed: [event(0), long, event(2)] })),
    ).toMatchObject({ status: 1, proven: false, firstBad: 1, reason: expect.stringContaining('70') })
  const longest = 'x'.repeat(65_535)
  expect(verify('log', bundle([event(0), longest]))).toMatchObject({ status: 0, proven: true })
})

function event(n: number, more: Record<string, unknown> = {}): string {
  const at = new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString()
  return canonical({ version: 1, id: `event-${n}`, at, code: 'test', actor: { kind: 'system', id: 'test' }, ...more })
}

/** A checkpoint over entries, signed by the log. */
function checkpoint(entries: readonly string[], name = origin, by: KeyObject = pair.privateKey): string {
  const root = audit.rootOfHashes(audit.leafHashes(entries))
  const text = audit.checkpointText({ origin: name, size: entries.length, root })
  return `${text}\n${audit.signatureLine({ ...key, name }, sign(null, Buffer.from(text), by))}\n`
}

/** A bundle that shows `lines`, over a tree of the entries that were signed. */
function bundle(lines: readonly string[], { signed = lines }: { signed?: readonly string[] } = {}): string {
  const head = [
    { bundle: 'countroom-audit-bundle-1', origin, size: signed.length },
    { checkpoint: checkpoint(signed) },
    { entries: signed.length },
    { tile: audit.leafHashes(signed).toString('base64') },
  ]
  return `${[...head.map((line) => JSON.stringify(line)), ...lines].join('\n')}\n`
}

type Verdict = { status: number | null; stdout: string; stderr: string } & Record<string, unknown>

function verify(what: 'log' | 'bet' | 'entry', content: string, ...options: string[]): Verdict {
  const file = join(dir, 'given')
  writeFileSync(file, content)
  const args = [verifier, what, file, '--key', audit.vkeyOf(key), '--json', ...options]
  const { status, stdout, stderr } = spawnSync('node', args, { encoding: 'utf8' })
  return { ...(stdout.startsWith('{') ? JSON.parse(stdout) : {}), status, stdout, stderr }
}
