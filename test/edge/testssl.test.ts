import 'reflect-metadata'
import { spawn } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { faces } from '../../edge/faces.ts'
import { type EdgeLab, openEdgeLab } from '../support/edge-lab.ts'

/**
 * All that testssl.sh looks for, at each face, with our authority added; some minutes each, so by `COUNTROOM_TESTSSL=1` only (`tls.test.ts` has what
 * must hold always). Certificates here live for a day and name where to ask for their standing, as those of a public authority do.
 */
const whole = process.env.COUNTROOM_TESTSSL === '1'
let lab: EdgeLab
beforeAll(async () => {
  if (!whole) return
  lab = await openEdgeLab(answer, {
    cores: 1,
    adjust: async (config, authority, dir) => {
      const asked = [new x509.AuthorityInfoAccessExtension({ ocsp: 'http://ocsp.example/' })]
      await authority.issue('public', 'public', ['localhost'], 'ecdsa', asked)
      await authority.issue('public-rsa', 'public', ['localhost'], 'rsa', asked)
      for (const name of ['public', 'public-rsa'])
        appendFileSync(authority.files(name).cert, `\n${readFileSync(join(dir, 'tls/ca.pem'), 'utf8')}`)
      config.listeners.player.certificates = [authority.files('public-rsa')]
    },
  })
})
afterAll(() => lab?.stop())

/** As a core answers, which says what browsers must know of a page. */
function answer(_: unknown, response: ServerResponse): void {
  response.setHeader('content-security-policy', "default-src 'self'; frame-ancestors 'none'")
  response.setHeader('x-content-type-options', 'nosniff')
  response.end('{}')
}

type Finding = { id: string; severity: string; finding: string }
const graver = ['MEDIUM', 'HIGH', 'CRITICAL', 'FATAL']

test.runIf(whole).each(faces)('%s: no finding above LOW [S58]', { timeout: 1_800_000 }, async (face) => {
  const file = join(lab.dir, `testssl-${face}.json`)
  const { port } = JSON.parse(readFileSync(join(lab.dir, 'edge.json'), 'utf8')).listeners[face]
  const words = [
    '--quiet',
    '--color',
    '0',
    '--warnings',
    'off',
    '--add-ca',
    join(lab.dir, 'tls/ca.pem'),
    '--ip',
    '127.0.0.1',
  ]
  const child = spawn('testssl', [...words, '--jsonfile', file, `https://localhost:${port}`], {
    stdio: 'ignore',
    env: { ...process.env, DAYS2WARN1: '0', DAYS2WARN2: '0' },
  })
  await new Promise((resolve) => child.once('exit', resolve))
  const findings = JSON.parse(readFileSync(file, 'utf8')) as Finding[]
  expect(findings.map(({ id }) => id)).toEqual(expect.arrayContaining(['secure_client_renego', 'LUCKY13', 'TLS1_3']))
  expect(findings.filter(({ severity }) => graver.includes(severity))).toEqual([])
})
