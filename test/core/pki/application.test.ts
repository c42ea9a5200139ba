import { execFileSync } from 'node:child_process'
import { createPrivateKey, createPublicKey, sign, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newSecret } from '#keys'
import * as pki from '#pki'
import { issueSweep } from '../../../core/host/jobs/pki.ts'
import { createLog } from '../../../core/host/log.ts'
import { type Enrolled, openTestAuthority, type TestAuthority } from '../../support/authority.ts'
import { testModules } from '../../support/modules.ts'

/** What a process that was taken over cannot make of the private authority, with the application's own role in the database. */
let authority: TestAuthority
let dir: string
describe.each(testModules)('on %s', (module) => {
  beforeAll(async () => {
    authority = await openTestAuthority({ module })
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
      await authority.db
        .admin`update pki.authorities set certificate = ${root.certificate} where serial = ${root.serial}`
      expect(await authority.anchors()).toContain('BEGIN')
    })
  })

  describe('who has a certificate', () => {
    test('the application offers nobody a place, also not itself', async () => {
      const { digest } = newSecret()
      const offering = authority.db.sql`
      insert into pki.enrolments (digest, component, role, names, offered_by, offered_at, expires_at)
      values (${digest}, 'mallory', 'core', ${['mallory.countroom.internal']}, 'x', now(), now() + interval '1 day')`
      await expect(offering).rejects.toThrow('permission denied')
    })

    test('a request that the application writes by itself is not issued for', async () => {
      const edge = await authority.enrol('edge', 'edge-1')
      const core = await authority.enrol('core', 'core-1')
      await authority.offer('work', 'work-1')
      const [open] = await authority.db.sql<Array<{ digest: Buffer }>>`
      select digest from pki.enrolments where component = 'work-1'`
      const own = createPrivateKey(core.key)
      const spki = createPublicKey(own).export({ format: 'der', type: 'spki' })
      const at = new Date()
      const signature = sign('sha256', pki.renewalStatement(edge.serial, spki, at), own)
      const ofCore = sign('sha256', pki.renewalStatement(core.serial, spki, at), own)
      const tries = [
        { component: 'edge-1', renews: edge.serial },
        { component: 'edge-1', renews: edge.serial, proof: signature }, // another's key
        { component: 'edge-1', renews: core.serial, proof: ofCore }, // its own certificate, another's name
        { component: 'work-1', enrolment: open!.digest }, // a token it never saw
        { component: 'work-1', enrolment: open!.digest, proof: open!.digest, used: true },
      ]
      for (const [index, { component, renews = null, enrolment = null, proof = null, used }] of tries.entries()) {
        const request = `crq_${index}`
        if (used) await authority.db.admin`delete from pki.requests where enrolment = ${enrolment}`
        await authority.db.sql`
        insert into pki.requests (request, component, enrolment, renews, spki, at, proof, signed_at)
        values (${request}, ${component}, ${enrolment}, ${renews}, ${spki}, now(), ${proof}, ${at})`
        const issuing = authority.act((tx) => pki.issue(tx, authority.command(), { request, lifeSeconds: 86_400 }))
        await expect(issuing, `try ${index}`).rejects.toMatchObject({ code: 'pki.request_unfit' })
      }
    })
  })

  describe('what is taken back', () => {
    test('the application puts no earlier list back', async () => {
      await authority.lists()
      await expect(authority.db.sql`update pki.lists set number = number`).rejects.toThrow('permission denied')
      await expect(authority.db.sql`insert into pki.lists select * from pki.lists`).rejects.toThrow('permission denied')
    })

    test('with a serial goes all that was renewed from it; what came before stays', async () => {
      const first = await authority.enrol('core', 'core-7')
      const stolen = await authority.renew(first)
      const thief = await authority.renew(stolen)
      const again = await authority.renew(thief)
      const good = async () => (await authority.components()).find(({ component }) => component === 'core-7')?.good
      expect([...((await good()) ?? [])].sort()).toEqual(
        [first, stolen, thief, again].map(({ serial }) => serial).sort(),
      )
      const taken = await authority.act((tx) =>
        pki.revoke(tx, authority.command(), { serial: stolen.serial, reason: 'stolen' }),
      )
      expect(taken.sort()).toEqual([stolen, thief, again].map(({ serial }) => serial).sort())
      await expect(authority.renew(again)).rejects.toMatchObject({ code: 'pki.renewal_refused' })
      expect(await good()).toEqual([first.serial])
      await authority.renew(first)
    })

    test('a certificate that is made at that very moment is taken back too, and what waits is not made', async () => {
      const had = await authority.enrol('core', 'core-8')
      const [one, two] = [await asked(had), await asked(had)]
      let revoking: Promise<string[]> | undefined
      const made = await authority.act(async (tx) => {
        const issued = await pki.issue(tx, authority.command(), { request: one, lifeSeconds: 86_400 })
        revoking = authority.act((other) =>
          pki.revoke(other, authority.command(), { component: 'core-8', reason: 'stolen' }),
        )
        await new Promise((resolve) => setTimeout(resolve, 300))
        return issued
      })
      expect((await revoking)?.sort()).toEqual([had.serial, made.serial].sort())
      const issuing = authority.act((tx) => pki.issue(tx, authority.command(), { request: two, lifeSeconds: 86_400 }))
      await expect(issuing).rejects.toMatchObject({ code: 'pki.component_disabled' })
    })

    test('a renewal that waits while its certificate alone is taken back is not made', async () => {
      const had = await authority.enrol('core', 'core-9')
      const request = await asked(had)
      await authority.act((tx) => pki.revoke(tx, authority.command(), { serial: had.serial, reason: 'stolen' }))
      const issuing = authority.act((tx) => pki.issue(tx, authority.command(), { request, lifeSeconds: 86_400 }))
      await expect(issuing).rejects.toMatchObject({ code: 'pki.request_unfit' })
    })
  })

  describe('one bad request', () => {
    test.each(['10.0.0.256', '1.2.3', ':::::', '1::2::3', 'fe80::1%eth0', '1.2.3.4.5'])(
      '%s is no address and no name',
      async (name) => {
        const offering = authority.own((tx) =>
          pki.offer(tx, authority.command(), { role: 'public', component: 'bad-name', names: [name] }),
        )
        await expect(offering).rejects.toMatchObject({ code: 'pki.component_unfit' })
      },
    )

    test('keeps nobody else waiting', async () => {
      const bad = await offered('sweep-1')
      const good = await offered('sweep-2')
      const [asBad, asGood] = [await applied(bad, 'sweep-1'), await applied(good, 'sweep-2')]
      await authority.db.admin`update pki.requests set proof = ${Buffer.alloc(32)} where request = ${asBad}`
      expect((await pki.openApplications(authority.db.sql)).indexOf(asBad)).toBeGreaterThanOrEqual(0)
      const host = {
        sql: authority.db.sql,
        keys: authority.agent.as('work'),
        config: { pki: { certificateHours: 24 } },
        log: createLog('test', 'silent'),
        now: () => new Date(),
      }
      await issueSweep.run(host as never, {})
      expect(await pki.issuedFor(authority.db.sql, asGood)).toMatchObject({ component: 'sweep-2' })
      expect(await pki.issuedFor(authority.db.sql, asBad)).toBeUndefined()
    })
  })
})

async function offered(component: string): Promise<string> {
  return (await authority.offer('scraper', component)).token
}

async function applied(token: string, component: string): Promise<string> {
  const { request } = await pki.newRequest(component)
  const application = await authority.act((tx) => pki.apply(tx, authority.command(), { token, request }))
  if ('refusal' in application) throw application.refusal
  return application.request
}

/** A renewal that is taken in and not issued for yet. */
async function asked(had: Enrolled): Promise<string> {
  const { key, request } = await pki.newRequest(had.component)
  const at = new Date()
  const spki = createPublicKey(createPrivateKey(key)).export({ format: 'der', type: 'spki' })
  const signature = sign('sha256', pki.renewalStatement(had.serial, spki, at), createPrivateKey(had.key))
  const input = { request, certificate: had.chain, at, signature }
  return (await authority.act((tx) => pki.applyAgain(tx, authority.command(), input))).request
}

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
