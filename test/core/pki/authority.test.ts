import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as audit from '#audit'
import * as pki from '#pki'
import { openTestAuthority, type TestAuthority } from '../../support/authority.ts'
import { until } from '../../support/client.ts'
import { type TestModule, testModules } from '../../support/modules.ts'
import { believers } from './judges.ts'
import { lintCertificate, lintList } from './lint.ts'

/** What the private authority makes: as bytes, and as others read them. */
let authority: TestAuthority
let dir: string
const begin = async (module: TestModule) => {
  authority = await openTestAuthority({ module })
  dir = mkdtempSync(join(tmpdir(), 'cr-pki-'))
}
const end = async () => {
  await authority.stop()
  rmSync(dir, { recursive: true, force: true })
}

const pem = (der: Buffer) => new X509Certificate(der).toString()
const hours = (count: number) => count * 3_600_000

/** Does OpenSSL believe a chain, with these roots and lists? */
function verifies(chain: string, anchors: string, lists: string): boolean {
  const files = { chain, anchors, lists }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, `v-${name}.pem`), text)
  const file = (name: string) => join(dir, `v-${name}.pem`)
  const words = ['-CAfile', file('anchors'), '-CRLfile', file('lists'), '-untrusted', file('chain'), file('chain')]
  return spawnSync('openssl', ['verify', '-x509_strict', '-crl_check_all', ...words]).status === 0
}

describe.each(testModules)('on %s', (module) => {
  beforeAll(() => begin(module))
  afterAll(end)

  describe('the authority', () => {
    test('a root and an issuing authority are made once, each under its own key of the token', async () => {
      const { root, issuing } = await authority.ensure()
      expect(root.key).not.toBe(issuing.key)
      expect(new X509Certificate(issuing.certificate).verify(new X509Certificate(root.certificate).publicKey)).toBe(
        true,
      )
      expect((await authority.ensure()).made).toEqual([])
      expect((await authority.ensure()).root.serial).toBe(root.serial)
    })

    test('an issuing authority that grows old is followed by another, below the same root', async () => {
      const before = await authority.ensure()
      const later = new Date(Date.now() + hours(24 * 500))
      const after = await authority
        .own(async (tx) => {
          const made = await pki.ensureAuthorities(tx, authority.command(later))
          throw made // only looked at: what is made in the future is not kept
        })
        .catch((made) => made as Awaited<ReturnType<typeof pki.ensureAuthorities>>)
      expect(after.made).toEqual(['issuing'])
      expect(after.root.serial).toBe(before.root.serial)
    })

    test('a key that is rotated has a new authority; what the old one issued is good until its last list ends', async () => {
      const own = await openTestAuthority({ module })
      try {
        const before = await own.ensure()
        const old = await own.enrol('core', 'rotate-1')
        const gone = await own.enrol('core', 'rotate-2')
        await own.lists()
        const ops = own.agent.as('ops')
        const families = ['sk-ca-issuing', 'sk-ca-root']
        for (const family of families) await ops.activate((await ops.create(family)).key)
        for (const family of families)
          await until(`${family} to be another`, async () =>
            (await own.command().keys.active(family)).endsWith('-2') ? true : undefined,
          )
        const after = await own.ensure()
        expect(after.made).toEqual(['root', 'issuing'])
        const fresh = await own.enrol('core', 'rotate-3')
        await own.act((tx) => pki.revoke(tx, own.command(), { component: 'rotate-3', reason: 'test' }))
        const other = await own.enrol('core', 'rotate-4')
        const lists = await own.lists()
        expect(lists).toHaveLength(4) // two of old keys, which nobody can sign again, and two of new ones
        expect((await own.anchors()).match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
        for (const [{ chain }, good] of [
          [old, true],
          [other, true],
          [fresh, false],
        ] as const)
          expect(verifies(chain, await own.anchors(), lists.join(''))).toBe(good)
        // Its list cannot be signed again, so what is taken back now takes all of that key with it.
        await own.act((tx) => pki.revoke(tx, own.command(), { component: gone.component, reason: 'test' }))
        const fewer = (await own.lists()).join('')
        for (const [{ chain }, good] of [
          [gone, false],
          [old, false],
          [other, true],
        ] as const)
          expect(verifies(chain, await own.anchors(), fewer)).toBe(good)
        expect(await pki.lists(own.db.sql, new Date(Date.now() + hours(25)))).toBe('')
        expect(before.root.key).not.toBe(after.root.key)
      } finally {
        await own.stop()
      }
    })

    test('an authority that got a second certificate for its key has one list for both', async () => {
      const own = await openTestAuthority({ module })
      try {
        const first = await own.enrol('core', 'twice-1')
        await own.act((tx) => pki.revoke(tx, own.command(), { component: 'twice-1', reason: 'test' }))
        const later = new Date(Date.now() + hours(24 * 500))
        const { made } = await own.own((tx) => pki.ensureAuthorities(tx, own.command(later)))
        expect(made).toEqual(['issuing'])
        expect(await own.lists()).toHaveLength(2)
        expect(verifies(first.chain, await own.anchors(), (await own.lists()).join(''))).toBe(false)
      } finally {
        await own.stop()
      }
    })

    test('core cannot sign a certificate, whatever it asks', async () => {
      const core = authority.agent.as('core')
      await expect(core.sign(await core.active('sk-ca-issuing'), Buffer.alloc(32))).rejects.toThrow('keys.not_allowed')
      await expect(core.sign(await core.active('sk-ca-root'), Buffer.alloc(32))).rejects.toThrow('keys.not_allowed')
    })
  })

  describe('what it makes', () => {
    test('[S31] certificates and lists hold to RFC 5280 by a reader of our own', async () => {
      const { root, issuing } = await authority.ensure()
      expect(lintCertificate(root.certificate, 'root')).toEqual([])
      expect(lintCertificate(issuing.certificate, 'issuing', root.certificate)).toEqual([])
      for (const role of Object.keys(pki.roles) as pki.Role[]) {
        const names = role === 'public' ? { names: ['casino.example', '192.0.2.7', '2001:db8::7'] } : {}
        const { chain } = await authority.enrol(role, `lint-${role}`, names)
        expect(lintCertificate(new X509Certificate(chain).raw, 'leaf', issuing.certificate), role).toEqual([])
      }
      const gone = await authority.enrol('scraper', 'lint-gone')
      await authority.act((tx) => pki.revoke(tx, authority.command(), { component: 'lint-gone', reason: 'test' }))
      const lists = await authority.lists()
      expect(lists).toHaveLength(2)
      const [ofRoot, ofIssuing] = lists.map((pem) => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64'))
      expect(lintList(ofRoot!, root.certificate)).toEqual([])
      expect(lintList(ofIssuing!, issuing.certificate)).toEqual([])
      expect(ofIssuing!.toString('hex')).toContain(gone.serial)
    })

    test('the lint finds what is wrong', async () => {
      const { root, issuing } = await authority.ensure()
      expect(lintCertificate(issuing.certificate, 'root', root.certificate)).toContain(
        '4.2.1.9 the length of the path is not bounded as it should be',
      )
      const { chain } = await authority.enrol('ops', 'lint-wrong', { lifeSeconds: 31 * 86_400 })
      expect(lintCertificate(new X509Certificate(chain).raw, 'leaf', issuing.certificate)).toEqual([
        'it lives for more than 30 days',
      ])
      const changed = Buffer.from(new X509Certificate(chain).raw)
      changed[changed.length - 1]! ^= 1
      expect(lintCertificate(changed, 'leaf', issuing.certificate)).toContain('the signature is not the issuer’s')
    })

    test('chains verify with OpenSSL, strictly, with revocation, for the use and name they are for', async () => {
      const files = await chainFiles('core', 'openssl-core')
      const verify = (...also: string[]) =>
        spawnSync('openssl', ['verify', '-x509_strict', '-crl_check_all', ...files, ...also], { encoding: 'utf8' })
      const leaf = join(dir, 'leaf.pem')
      expect(
        verify('-purpose', 'sslserver', '-verify_hostname', 'openssl-core.countroom.internal', leaf).stdout,
      ).toContain('OK')
      expect(verify('-purpose', 'sslclient', leaf).stdout).toContain('OK')
      expect(verify('-verify_hostname', 'core-1.countroom.internal', leaf).status).not.toBe(0)
      await authority.act((tx) => pki.revoke(tx, authority.command(), { component: 'openssl-core', reason: 'test' }))
      writeFileSync(join(dir, 'lists.pem'), (await authority.lists()).join(''))
      expect(verify(leaf).stderr).toContain('certificate revoked')
    })

    test('OpenSSL and GnuTLS take its lists for those of the authority that signed them', async () => {
      const made = await authority.ensure()
      const lists = await authority.lists()
      const signers = [made.root, made.issuing].map(({ certificate }) => pem(certificate))
      for (const [at, list] of lists.entries())
        for (const [by, signer] of signers.entries()) {
          writeFileSync(join(dir, 'list.pem'), list)
          writeFileSync(join(dir, 'signer.pem'), signer)
          const checked = ['-noout', '-CAfile', join(dir, 'signer.pem'), '-in', join(dir, 'list.pem')]
          const { stderr } = spawnSync('openssl', ['crl', ...checked], { encoding: 'utf8' })
          const words = [
            '--verify-crl',
            '--load-ca-certificate',
            join(dir, 'signer.pem'),
            '--infile',
            join(dir, 'list.pem'),
          ]
          const said = spawnSync('certtool', words, { encoding: 'utf8' }).stdout
          expect([/verify OK/.test(stderr), /\bVerified\b/.test(said)]).toEqual([at === by, at === by])
        }
    })

    /** Options of `openssl verify` for a fresh certificate of a role; `leaf.pem`, `chain.pem` and `ca.pem` in the folder. */
    async function chainFiles(role: pki.Role, component: string): Promise<string[]> {
      const { chain } = await authority.enrol(role, component)
      const [leaf = '', issuing = ''] = chain.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g) ?? []
      const write = (name: string, text: string) => {
        writeFileSync(join(dir, name), text)
        return join(dir, name)
      }
      write('leaf.pem', leaf)
      write('chain.pem', chain)
      const ca = write('ca.pem', await authority.anchors())
      const lists = write('lists.pem', (await authority.lists()).join(''))
      return ['-CAfile', ca, '-untrusted', write('issuing.pem', issuing), '-CRLfile', lists]
    }
  })

  describe('renewal', () => {
    test('a component renews with the key it has, for another key', async () => {
      const had = await authority.enrol('scraper', 'renew-1')
      const renewed = await authority.renew(had)
      expect(renewed.serial).not.toBe(had.serial)
      expect(new X509Certificate(renewed.chain).publicKey.equals(new X509Certificate(had.chain).publicKey)).toBe(false)
    })

    test('not with another’s key, after its end, late, or once taken back', async () => {
      const had = await authority.enrol('scraper', 'renew-2')
      const other = await authority.enrol('scraper', 'renew-3')
      const refused = { code: 'pki.renewal_refused' }
      await expect(authority.renew({ ...had, key: other.key })).rejects.toMatchObject(refused)
      await expect(authority.renew(had, { now: had.notAfter })).rejects.toMatchObject(refused)
      await expect(authority.renew(had, { at: new Date(Date.now() - 600_000) })).rejects.toMatchObject(refused)
      await authority.act((tx) => pki.revoke(tx, authority.command(), { serial: had.serial, reason: 'lost' }))
      await expect(authority.renew(had)).rejects.toMatchObject(refused)
    })

    test('is due at two thirds of the life, not for all at once', async () => {
      const notBefore = new Date('2026-01-01T00:00:00Z')
      const notAfter = new Date('2026-01-31T00:00:00Z')
      const due = ['0000', '8000', 'ffff'].map((end) => pki.renewalDue({ serial: `40${end}`, notBefore, notAfter }))
      const days = due.map((at) => (at.getTime() - notBefore.getTime()) / hours(24))
      expect(days[0]).toBeCloseTo(20, 3)
      expect(days[2]).toBeCloseTo(18.5, 3)
      expect(days[1]).toBeGreaterThan(days[2]!)
    })
  })

  describe('taking back', () => {
    test('lists are numbered upwards, and signed anew only when there is news or half their time is over', async () => {
      await authority.lists()
      const publish = (now = new Date()) => authority.own((tx) => pki.publish(tx, authority.command(now)))
      expect(await publish()).toBe(0)
      await authority.enrol('scraper', 'list-1')
      await authority.act((tx) => pki.revoke(tx, authority.command(), { component: 'list-1', reason: 'test' }))
      const number = async () =>
        (await authority.db.sql<Array<{ number: bigint }>>`select max(number) as number from pki.lists`)[0]!.number
      const before = await number()
      expect(await publish()).toBe(1)
      expect(await number()).toBe(before + 1n)
      expect(await publish()).toBe(0)
      expect(await publish(new Date(Date.now() + hours(13)))).toBe(2)
    })

    test('the application can add to the tables and change nothing', async () => {
      const { sql } = authority.db
      for (const table of ['authorities', 'enrolments', 'requests', 'certificates', 'revocations', 'dismissals']) {
        await expect(sql.unsafe(`delete from pki.${table}`), table).rejects.toThrow('permission denied')
        await expect(sql.unsafe(`truncate pki.${table}`), table).rejects.toThrow('permission denied')
      }
      await expect(sql`update pki.certificates set not_after = 'infinity'`).rejects.toThrow('permission denied')
      await expect(sql`update pki.enrolments set expires_at = 'infinity'`).rejects.toThrow('permission denied')
    })

    test('what there is not cannot be taken back', async () => {
      const revoke = (what: { component: string } | { serial: string }) =>
        authority.act((tx) => pki.revoke(tx, authority.command(), { ...what, reason: 'test' }))
      await expect(revoke({ component: 'nobody' })).rejects.toMatchObject({ code: 'pki.component_unknown' })
      await expect(revoke({ serial: '40' })).rejects.toMatchObject({ code: 'pki.component_unknown' })
    })
  })
})

describe('whatever the token is', () => {
  beforeAll(() => begin('softhsm'))
  afterAll(end)

  describe('to validators that are not ours', () => {
    const everybody = ['OpenSSL', 'GnuTLS', 'NSS']
    test('[S31] OpenSSL, GnuTLS and NSS take every kind of certificate for what it is for, and for nothing else', async () => {
      const made = await authority.ensure()
      const [root, issuing] = [pem(made.root.certificate), pem(made.issuing.certificate)]
      for (const judged of [root, issuing]) {
        expect(believers(dir, 'authority', { root, between: issuing, judged })).toEqual(everybody)
        for (const use of ['server', 'client'] as const)
          expect(believers(dir, use, { root, between: issuing, judged })).not.toContain('NSS')
      }
      for (const [role, { uses }] of Object.entries(pki.roles)) {
        const { chain } = await authority.enrol(role as pki.Role, `judged-${role}`)
        const judged = pem(new X509Certificate(chain).raw)
        for (const use of ['server', 'client'] as const) {
          const wanted = (uses as readonly string[]).includes(use) ? everybody : []
          expect(believers(dir, use, { root, between: issuing, judged }), `${role} as ${use}`).toEqual(wanted)
        }
        expect(believers(dir, 'authority', { root, between: issuing, judged }), role).not.toContain('OpenSSL')
        expect(believers(dir, 'authority', { root, between: issuing, judged }), role).not.toContain('NSS')
      }
    })

    test('nor do they take what one of them signed, another root, or a changed byte', async () => {
      const made = await authority.ensure()
      const [root, issuing] = [pem(made.root.certificate), pem(made.issuing.certificate)]
      const { chain, key } = await authority.enrol('edge', 'judged-signer')
      const leaf = pem(new X509Certificate(chain).raw)
      writeFileSync(join(dir, 'signer.pem'), leaf)
      writeFileSync(join(dir, 'signer.key'), key)
      const issuer = ['-CA', join(dir, 'signer.pem'), '-CAkey', join(dir, 'signer.key'), '-CAcreateserial']
      const child = execFileSync('openssl', ['x509', '-req', '-days', '1', ...issuer], {
        input: opensslRequest(dir, ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']),
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'ignore'],
      })
      const self = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-x509']
      const stranger = opensslRequest(dir, self)
      const changed = Buffer.from(new X509Certificate(leaf).raw)
      changed[changed.length - 1]! ^= 1
      for (const use of ['server', 'client'] as const) {
        expect(believers(dir, use, { root, between: issuing, judged: leaf })).toEqual(everybody)
        expect(believers(dir, use, { root, between: leaf + issuing, judged: child })).toEqual([])
        expect(believers(dir, use, { root: stranger, between: issuing, judged: leaf })).toEqual([])
        expect(believers(dir, use, { root, between: issuing, judged: pem(changed) })).toEqual([])
      }
    })
  })

  describe('enrolment', () => {
    test('a token works once, for one key; a repeat of the same request is the same application', async () => {
      const { token } = await authority.offer('scraper', 'prom-1')
      const { request } = await pki.newRequest('prom-1')
      const apply = (asked: string, at = new Date()) =>
        authority.act((tx) => pki.apply(tx, authority.command(at), { token, request: asked }))
      const first = await apply(request)
      expect(first).toMatchObject({ component: 'prom-1' })
      expect(await apply(request)).toEqual(first)
      const { request: other } = await pki.newRequest('prom-1')
      expect(await apply(other)).toMatchObject({ refusal: { code: 'pki.token_refused' } })
      const written = await audit.search(authority.db.sql, { subject: 'prom-1', limit: 10 })
      expect(written.map(({ code }) => code)).toEqual([
        'pki.enrolment_refused',
        'pki.enrolled',
        'pki.enrolment_offered',
      ])
    })

    test('50 requests at once with one token: one is taken', async () => {
      const { token } = await authority.offer('scraper', 'prom-many')
      const requests = await Promise.all(Array.from({ length: 50 }, () => pki.newRequest('prom-many')))
      const answers = await Promise.all(
        requests.map(({ request }) => authority.act((tx) => pki.apply(tx, authority.command(), { token, request }))),
      )
      expect(answers.filter((answer) => 'request' in answer)).toHaveLength(1)
    })

    test('a token that has ended, never was, or is of before a dismissal is refused alike', async () => {
      const { request } = await pki.newRequest('prom-2')
      const { token } = await authority.offer('scraper', 'prom-2')
      const refusals = await Promise.all([
        authority.act((tx) => pki.apply(tx, authority.command(new Date(Date.now() + hours(25))), { token, request })),
        authority.act((tx) => pki.apply(tx, authority.command(), { token: 'guess', request })),
      ])
      await authority.act((tx) => pki.revoke(tx, authority.command(), { component: 'prom-2', reason: 'lost' }))
      refusals.push(await authority.act((tx) => pki.apply(tx, authority.command(), { token, request })))
      for (const answer of refusals) expect(answer).toMatchObject({ refusal: { code: 'pki.token_refused' } })
    })

    test('only the digest of a token is kept', async () => {
      const { token } = await authority.offer('scraper', 'prom-3')
      const [row] = await authority.db
        .admin`select count(*)::int as found from pki.enrolments e where e::text like ${`%${token}%`}`
      expect(row?.found).toBe(0)
    })

    test('a component is disabled until it enrols, and again once it is taken back [GLI-B.4.2a] [GLI-B.4.2d]', async () => {
      const state = async () => (await authority.components()).find(({ component }) => component === 'prom-4')?.state
      await authority.offer('scraper', 'prom-4')
      expect(await state()).toBe('offered')
      await authority.enrol('scraper', 'prom-4')
      expect(await state()).toBe('enabled')
      await authority.act((tx) => pki.revoke(tx, authority.command(), { component: 'prom-4', reason: 'stolen' }))
      expect(await state()).toBe('disabled')
      await authority.enrol('scraper', 'prom-4')
      expect(await state()).toBe('enabled')
    })

    test('a request that is taken and then disabled is not issued', async () => {
      const { token } = await authority.offer('scraper', 'prom-5')
      const { request } = await pki.newRequest('prom-5')
      const taken = await authority.act((tx) => pki.apply(tx, authority.command(), { token, request }))
      await authority.act((tx) => pki.revoke(tx, authority.command(), { component: 'prom-5', reason: 'stolen' }))
      const issuing = authority.act((tx) =>
        pki.issue(tx, authority.command(), { request: (taken as pki.Application).request, lifeSeconds: 86_400 }),
      )
      await expect(issuing).rejects.toMatchObject({ code: 'pki.component_disabled' })
    })

    test.each([
      ['another component’s name', 'scraper', 'mallory', ['core-1.countroom.internal']],
      ['a name that is none', 'scraper', 'mallory', ['a b']],
      ['a label that is none', 'core', 'Core_1', undefined],
      ['a role there is not', 'root', 'mallory', undefined],
      ['a name for a person', 'staff', 'ada', ['ada.example']],
    ])('%s cannot be enrolled', async (_, role, component, names) => {
      const offering = authority.own((tx) =>
        pki.offer(tx, authority.command(), { role, component, ...(names ? { names } : {}) }),
      )
      await expect(offering).rejects.toMatchObject({ code: 'pki.component_unfit' })
    })

    test('a component keeps its role', async () => {
      await authority.enrol('scraper', 'prom-6')
      await expect(authority.offer('edge', 'prom-6')).rejects.toMatchObject({ code: 'pki.component_unfit' })
    })

    test.each([
      ['no request', async () => 'nothing'],
      ['an RSA key', async () => opensslRequest(dir, ['-newkey', 'rsa:2048'])],
      ['another curve', async () => opensslRequest(dir, ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp384r1'])],
      [
        'a signature that is not its own',
        async () => {
          const { request } = await pki.newRequest('x')
          const der = Buffer.from(request.replace(/-----[^-]+-----|\s/g, ''), 'base64')
          der[der.length - 1]! ^= 1
          return `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
        },
      ],
    ])('%s is not taken, and the token stays good', async (_, unfit) => {
      const { token } = await authority.offer('scraper', 'prom-7')
      const asked = authority.act(async (tx) => pki.apply(tx, authority.command(), { token, request: await unfit() }))
      await expect(asked).rejects.toMatchObject({ code: 'pki.request_unfit' })
      const { request } = await pki.newRequest('prom-7')
      expect(await authority.act((tx) => pki.apply(tx, authority.command(), { token, request }))).toHaveProperty(
        'request',
      )
    })

    test('a request made by OpenSSL is as good as ours', async () => {
      const { token } = await authority.offer('scraper', 'prom-8')
      const request = opensslRequest(dir, ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'])
      expect(await authority.act((tx) => pki.apply(tx, authority.command(), { token, request }))).toHaveProperty(
        'request',
      )
    })
  })

  describe('PKCS #12', () => {
    test('a file opens in OpenSSL, GnuTLS and NSS with its password only, under AES-256 and SHA-256', async () => {
      const { key, chain } = await authority.enrol('staff', 'grace.hopper')
      const file = join(dir, 'grace.p12')
      writeFileSync(file, await pki.bundle({ name: 'Grace Hopper', key, chain, password: 'correct horse' }))
      const open = (password: string, ...also: string[]) =>
        spawnSync('openssl', ['pkcs12', '-in', file, '-passin', `pass:${password}`, ...also], { encoding: 'utf8' })
      const opened = open('correct horse', '-nodes')
      expect(opened.status, opened.stderr).toBe(0)
      expect(new X509Certificate(opened.stdout.slice(opened.stdout.indexOf('-----BEGIN CERT'))).subject).toContain(
        'grace.hopper',
      )
      expect(opened.stdout.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
      expect(opened.stdout).toContain('friendlyName: Grace Hopper')
      expect(opened.stdout).toContain('BEGIN PRIVATE KEY')
      expect(open('wrong').status).not.toBe(0)
      const words = ['--p12-info', '--inder', '--infile', file, '--password']
      const gnutls = (password: string) => spawnSync('certtool', [...words, password], { encoding: 'utf8' })
      expect(gnutls('correct horse').stdout.match(/BEGIN (ENCRYPTED )?PRIVATE KEY|BEGIN CERTIFICATE/g)).toHaveLength(3)
      expect(gnutls('wrong').status).not.toBe(0)
      // As Firefox, and Chromium on Linux, keep it.
      execFileSync('certutil', ['-N', '--empty-password', '-d', `sql:${dir}`])
      const nss = (password: string) =>
        spawnSync('pk12util', ['-i', file, '-d', `sql:${dir}`, '-W', password], { encoding: 'utf8' })
      expect(nss('wrong').status).not.toBe(0)
      expect(nss('correct horse').status).toBe(0)
      expect(execFileSync('certutil', ['-K', '-d', `sql:${dir}`], { encoding: 'utf8' })).toContain('Grace Hopper')
      const told = open('correct horse', '-info', '-noout').stderr
      expect(told).toMatch(/MAC: sha256, Iteration 20000/)
      expect(told.match(/PBES2, PBKDF2, AES-256-CBC, Iteration 20000, PRF hmacWithSHA256/g)).toHaveLength(2)
    })
  })
})

test('a certificate’s role is read only where it names one, and one of ours', () => {
  expect(pki.roleOf('DNS:core-1.countroom.internal, URI:urn:countroom:role:core')).toBe('core')
  expect(pki.roleOf('URI:urn:countroom:role:core, URI:urn:countroom:role:edge')).toBeUndefined()
  expect(pki.roleOf('DNS:"x, URI:urn:countroom:role:core"')).toBeUndefined()
  expect(pki.roleOf('URI:urn:countroom:role:root')).toBeUndefined()
  expect(pki.roleOf(undefined)).toBeUndefined()
})

/** A request, or with `-x509` a certificate, of somebody else's making. */
function opensslRequest(dir: string, options: string[]): string {
  return execFileSync(
    'openssl',
    ['req', '-new', '-nodes', '-subj', '/CN=x', '-keyout', join(dir, 'x.key'), ...options],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  )
}
