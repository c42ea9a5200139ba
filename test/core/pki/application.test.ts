import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as pki from '#pki'
import { openTestAuthority, type TestAuthority } from '../../support/authority.ts'

/** What a process that was taken over cannot make of the private authority, with the application's own role in the database. */
let authority: TestAuthority
let dir: string
beforeAll(async () => {
  authority = await openTestAuthority()
  dir = mkdtempSync(join(tmpdir(), 'cr-pki-'))
  await authority.ensure()
})
afterAll(async () => {
  await authority.stop()
  rmSync(dir, { recursive: true, force: true })
})

describe('what everybody trusts', () => {
  test('no root is planted by the application', async () => {
    const { certificate } = strangersRoot()
    await expect(plant(authority.db.sql, certificate, 'sk-ca-root-1')).rejects.toThrow('permission denied')
  })

  test.each([
    'sk-ca-root-1', // the token's, which did not make it
    'sk-ca-root-7', // none
    'sk-manifest-1', // the token's, for something else
    'mallory',
  ])('a root that the token did not make is not believed, whoever wrote it under %s', async (key) => {
    const { certificate, pem } = strangersRoot()
    await plant(authority.db.admin, certificate, key)
    expect(await authority.anchors()).not.toContain(pem)
    await authority.ensure()
    const lists = await authority.lists()
    expect(await authority.anchors()).not.toContain(pem)
    expect((await authority.anchors()).match(/BEGIN CERTIFICATE/g)).toHaveLength(1)
    expect(lists).toHaveLength(2)
  })

  test('a certificate of the token’s key that it did not sign is not believed', async () => {
    const { root } = await authority.ensure()
    const changed = Buffer.from(root.certificate)
    changed[changed.length - 1]! ^= 1
    await authority.db.admin`delete from pki.lists`
    await authority.db.admin`update pki.authorities set certificate = ${changed} where serial = ${root.serial}`
    expect(await authority.anchors()).toBe('')
    await authority.db.admin`update pki.authorities set certificate = ${root.certificate} where serial = ${root.serial}`
    expect(await authority.anchors()).toContain('BEGIN')
  })
})

function strangersRoot(): { certificate: X509Certificate; pem: string } {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(dir, 'root.key')]
  execFileSync(
    'openssl',
    ['req', '-x509', ...key, '-days', '900', '-subj', '/CN=Mallory', '-out', join(dir, 'root.pem')],
    {
      stdio: 'ignore',
    },
  )
  const certificate = new X509Certificate(readFileSync(join(dir, 'root.pem')))
  return { certificate, pem: certificate.toString() }
}

async function plant(sql: TestAuthority['db']['sql'], root: X509Certificate, key: string): Promise<void> {
  const serial = root.serialNumber.toLowerCase()
  await sql`
    insert into pki.authorities (serial, kind, key, issuer, not_before, not_after, certificate)
    values (${serial}, 'root', ${key}, ${serial}, ${root.validFromDate}, ${root.validToDate}, ${root.raw})`
}
