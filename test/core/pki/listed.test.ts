import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listedSerials as listedInCore, serialIn } from '#base'
import * as pki from '#pki'
import * as edge from '../../../edge/tls/listed.ts'
import { openTestAuthority, type TestAuthority } from '../../support/authority.ts'

/** Who is on a list, read by core and by the edge, each for itself, and by OpenSSL. */
let authority: TestAuthority
beforeAll(async () => {
  authority = await openTestAuthority()
})
afterAll(() => authority.stop())

const byOpenssl = (lists: string[]) =>
  lists
    .flatMap((input) => [
      ...execFileSync('openssl', ['crl', '-noout', '-text'], { input, encoding: 'utf8' }).matchAll(
        /Serial Number: ([0-9A-F]+)/g,
      ),
    ])
    .map(([, serial = '']) => serialIn(serial))

describe.each(Object.entries({ core: listedInCore, edge: edge.listedSerials }))('%s', (_who, listedSerials) => {
  test('finds nobody on a list of nobody, and everyone who was taken back', async () => {
    const before = byOpenssl(await authority.lists())
    expect([...listedSerials(await authority.lists())].sort()).toEqual(before.sort())
    const taken: string[] = []
    for (let n = 0; n < 40; n++) {
      const { serial, component } = await authority.enrol('edge', `e-${before.length + n}`)
      await authority.own((tx) => pki.revoke(tx, authority.command(), { component, reason: 'test' }))
      taken.push(serialIn(serial))
    }
    const lists = await authority.lists()
    expect(byOpenssl(lists)).toHaveLength(before.length + 40)
    expect([...listedSerials(lists)].sort()).toEqual(byOpenssl(lists).sort())
    for (const serial of taken) expect(listedSerials(lists).has(serial)).toBe(true)
  })

  test('takes what is cut short for no list', async () => {
    const [list = ''] = await authority.lists()
    const half = list.replace(/\n/g, '').slice(24, 24 + 80)
    expect(() => listedSerials([`-----BEGIN X509 CRL-----${half}-----END X509 CRL-----`])).toThrow('no revocation list')
  })
})
