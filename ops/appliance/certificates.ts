import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as audit from '#audit'
import { systemCommand, type Tx } from '#base'
import { connectKeys, type Keys } from '#keys'
import * as pki from '#pki'
import type { Sql } from '../../core/host/database.ts'
import { bringUpLists } from '../failover/lists.ts'
import { shareLists } from '../failover/shared-lists.ts'
import { type Component, componentsOf, ownName, readerOf } from './components.ts'
import { damaged, fingerprintOf, type Home, isInstalled } from './home.ts'
import { findIdentities, type Users } from './identity.ts'
import { forgetAlone, numberAlone, putLists, signedAlone } from './lists.ts'
import { ownerOf } from './ownership.ts'
import { connect, endConnectionsOf, reloadPostgres } from './postgres.ts'
import { reloadRedis, shutOutOfRedis } from './redis.ts'
import type { Settings } from './settings.ts'
import { agentSocket } from './sockets.ts'

/** Lives that settings cannot say, for watching a whole life in a test. */
export type Lives = { lifeSeconds?: number; listSeconds?: number; lookSeconds?: number }

export type Refreshed = {
  /** What was made: `root`, `issuing`, names of components. */
  issued: string[]
  /** Components of this appliance that were taken back; they keep what they have, which nobody lets in. */
  disabled: string[]
}

/** The first root's key: what an appliance's token is known by, whatever was rotated since. */
const firstRootKey = 'sk-ca-root-1'
const lookSecondsUsual = 20

/** Issues what is missing or due before processes start; answers the names. @throws Trouble when the token is not the one installed */
export async function bringUpCertificates(
  home: Home,
  settings: Settings,
  users: Users,
  lives: Lives = {},
): Promise<Refreshed & { fingerprint: string }> {
  const place = openPlace(home, settings, users, lives)
  try {
    const spki = (await place.keys.publicKey(firstRootKey)).export({ format: 'der', type: 'spki' })
    const fingerprint = createHash('sha256').update(spki).digest('hex')
    refuseForeignToken(home, fingerprint)
    return { ...(await refresh(place)), fingerprint }
  } finally {
    await place.close()
  }
}

/** A place is one appliance with its home, database and token: what certificates are kept of. */
export type Place = {
  home: Home
  settings: Settings
  lives: Lives
  users: Users
  sql: Sql
  keys: Keys
  close(): Promise<void>
}

export function openPlace(home: Home, settings: Settings, users = findIdentities().users, lives: Lives = {}): Place {
  const sql = connect(home, 'owner') // who is enrolled, believed and taken back is not the application's to say
  const keys = connectKeys({ socket: agentSocket(home, 'ops') })
  return {
    home,
    settings,
    lives,
    users,
    sql,
    keys,
    async close() {
      await sql.end({ timeout: 5 })
      await keys.close()
    },
  }
}

/**
 * Renews as long as the appliance runs: looks every so often, and at once when something was taken back. A look that fails,
 * because an engine is away, is made again; the doctor and an alarm tell when it has failed for too long.
 */
export function keepCertificates(
  home: Home,
  settings: Settings,
  users: Users,
  lives: Lives,
  say: (line: string) => void,
): { stop(): Promise<void> } {
  const place = openPlace(home, settings, users, lives)
  const everyMs = (lives.lookSeconds ?? lookSecondsUsual) * 1000
  let stopping = false
  let said = ''
  let looking: Promise<void> | undefined
  let again = false
  const timer = setInterval(look, everyMs)
  const hearing = place.sql.listen(pki.newsChannel, look).catch(() => undefined)
  return {
    async stop() {
      stopping = true
      clearInterval(timer)
      await looking
      await hearing
      await place.close()
    },
  }

  function look(): void {
    if (looking) {
      again = true
      return
    }
    looking = keepListsGood(place)
      .then((done) => {
        if (done) say(`${done}.`)
        return refresh(place)
      })
      .then(
        ({ issued }) => (issued.length > 0 ? `Renewed: ${issued.join(', ')}.` : ''),
        (error: Error) => (stopping ? '' : `Certificates could not be renewed: ${error.message}`),
      )
      .then((line) => {
        if (line && line !== said) say(line)
        said = line
        looking = undefined
        if (again && !stopping) look()
        again = false
      })
  }
}

/**
 * Authorities, lists, and the certificates of the appliance's own components, all as they should be, and the engines told. One
 * at a time over all processes. `all` makes every certificate anew, `only` some.
 */
export async function refresh(
  place: Place,
  { now = new Date(), anew = [] }: { now?: Date; anew?: readonly string[] } = {},
): Promise<Refreshed> {
  const { home, settings, sql, keys, lives } = place
  const command = { ...systemCommand('countroom up', now), keys }
  const refreshed = (await sql.begin(async (alone) => {
    await alone`select pg_advisory_xact_lock(hashtext('pki.place'))`
    const { issuing, made } = (await sql.begin(async (tx) => {
      const ensured = await pki.ensureAuthorities(tx, command)
      await pki.publish(tx, command, {
        above: numberAlone(home),
        ...(lives.listSeconds === undefined ? {} : { lifeSeconds: lives.listSeconds }),
      })
      await tellSignedAlone(home, ownName(settings, 'ops'), tx, command)
      return ensured
    })) as Awaited<ReturnType<typeof pki.ensureAuthorities>>
    forgetAlone(home)
    const issued = [...made]
    const disabled: string[] = []
    const known = await pki.components(sql, now)
    let changed = update(home, 'tls/ca.pem', await pki.anchors(sql, command))
    // Whoever was taken back waits for nobody's renewal.
    if (putLists(home, await pki.lists(sql, now))) {
      changed = true
      if (settings.dataAddress !== undefined) await shutOut(place, now)
    }
    for (const component of componentsOf(settings)) {
      const { name } = component
      const standing = known.find((each) => each.component === name)
      if (standing?.state === 'disabled') disabled.push(name)
      else if (anew.includes(name) || !isSound(home, component, standing, issuing, now)) {
        if (!(await install(place, component, command))) {
          disabled.push(name)
          continue
        }
        issued.push(name)
        changed ||= isEngine(component.role)
      }
    }
    if (changed && settings.dataAddress !== undefined) await tellEngines(place)
    return { issued, disabled }
  })) as Refreshed
  const { cluster } = settings
  if (cluster) await shareLists(home, settings, cluster) // what could not be said now is said at the next look
  return refreshed
}

/**
 * In a cluster the way to the database is by certificates too: where lists have ended while all of it ran, nobody there could sign new ones. Answers
 * what had to be done about it.
 */
export async function keepListsGood(place: Pick<Place, 'home' | 'settings' | 'users' | 'lives'>): Promise<string> {
  const { home, settings, users, lives } = place
  const { cluster } = settings
  if (!cluster) return ''
  const agent = async () => connectKeys({ socket: agentSocket(home, 'ops') })
  const done = await bringUpLists({
    home,
    settings,
    cluster,
    agent,
    by: 'countroom up',
    listSeconds: lives.listSeconds,
  })
  if (done) await tellEngines({ home, settings, users })
  return done ?? ''
}

/** What this node signed while the database could not be asked, it says as soon as it can. */
async function tellSignedAlone(home: Home, node: string, tx: Tx, command: pki.SigningCommand): Promise<void> {
  for (const { at, ...what } of signedAlone(home))
    await audit.record(tx, command, { action: 'pki.signed_alone', subject: node, detail: { signedAt: at, ...what } })
}

/** Enrols a component of this very machine and puts key and chain where its process reads them; answers false when it was taken back meanwhile. */
async function install(place: Place, component: Component, command: pki.SigningCommand): Promise<boolean> {
  const made = await issueFor(place, component, command)
  if (!made) return false
  put(place, component.file, made.key, made.issued)
  return true
}

/** A key and a certificate for a component; undefined when it was taken back. */
export async function issueFor(
  { settings, sql, lives }: Place,
  { name, role, names }: Component,
  command: pki.SigningCommand,
): Promise<{ key: string; issued: pki.Issued } | undefined> {
  const { key, request } = await pki.newRequest(name)
  const lifeSeconds = lives.lifeSeconds ?? settings.certificateHours * 3600
  const issued = (await sql.begin(async (tx) => {
    await pki.hold(tx, name)
    const standing = (await pki.components(tx, command.now)).find((each) => each.component === name)
    if (standing?.state === 'disabled') return undefined
    const { token } = await pki.offer(tx, command, { component: name, role, names, secondsMax: 60 })
    const application = await pki.apply(tx, command, { token, request })
    if ('refusal' in application) throw application.refusal
    return pki.issue(tx, command, { request: application.request, lifeSeconds })
  })) as pki.Issued | undefined
  return issued && { key, issued }
}

/**
 * Puts a component of this very machine back that was taken back, by the token it was enrolled anew with: through `ops`, because the face and the
 * worker that do it for others may be what was taken back. Answers whom the token was for, who alone gets something.
 *
 * @throws Refusal `pki.token_refused`
 */
export async function installAgain(
  place: Place,
  { name, file, role }: Component,
  token: string,
  command: pki.SigningCommand,
): Promise<{ component: string; notAfter?: Date }> {
  const { sql, settings, lives } = place
  const { key, request } = await pki.newRequest(name)
  const lifeSeconds = lives.lifeSeconds ?? settings.certificateHours * 3600
  const outcome = (await sql.begin(async (tx) => {
    const application = await pki.apply(tx, command, { token, request })
    if ('refusal' in application || application.component !== name) return application // the attempt stays written down
    return pki.issue(tx, command, { request: application.request, lifeSeconds })
  })) as pki.Issued | Awaited<ReturnType<typeof pki.apply>>
  if ('refusal' in outcome) throw outcome.refusal
  if (!('chain' in outcome)) return { component: outcome.component }
  put(place, file, key, outcome)
  if (settings.dataAddress !== undefined && isEngine(role)) await tellEngines(place)
  return outcome
}

/** Key and chain where the process of a component reads them, and takes them up by itself. */
export function put(
  { home, users }: Pick<Place, 'home' | 'users'>,
  file: string,
  key: string,
  { chain }: Pick<pki.Issued, 'chain'>,
): void {
  home.write(`tls/${file}.key`, key, 0o600, ownerOf(users, readerOf(file)))
  home.write(`tls/${file}.pem`, chain, 0o644)
}

/** Engines that are told of a new certificate; etcd looks for itself. */
function isEngine(role: pki.Role): boolean {
  return role === 'postgres' || role === 'redis'
}

/** Are the files of a component what the authority issued last, for these names, below what issues now, and not yet due? */
function isSound(
  home: Home,
  { file, names }: Component,
  standing: pki.Component | undefined,
  issuing: pki.Authority,
  now: Date,
): boolean {
  try {
    const chain = readFileSync(home.path('tls', `${file}.pem`), 'utf8')
    const certificate = new X509Certificate(chain)
    const written = new Set(
      (certificate.subjectAltName ?? '').split(', ').map((each) => each.replace(/^(DNS|IP Address):/, '')),
    )
    const serial = certificate.serialNumber.toLowerCase()
    return (
      serial === standing?.serial &&
      chain.endsWith(new X509Certificate(issuing.certificate).toString()) &&
      certificate.checkPrivateKey(createPrivateKey(readFileSync(home.path('tls', `${file}.key`)))) &&
      names.every((each) => written.has(each)) &&
      pki.renewalDue({ serial, notBefore: certificate.validFromDate, notAfter: certificate.validToDate }) > now
    )
  } catch {
    return false
  }
}

/**
 * Ends what the engines have open with whoever was taken back; cores, worker and edge do that for themselves. PostgreSQL knows each
 * connection's certificate. Redis does not, nor does it read lists: it throws everybody out, and they have to come again, on a home that stands alone with another
 * password.
 */
async function shutOut({ home, settings, sql, users }: Place, now: Date): Promise<void> {
  const serials = await pki.takenBack(sql, now)
  if (serials.length === 0) return
  await reloadPostgres(home, settings, users)
  await endConnectionsOf(home, serials)
  await shutOutOfRedis(home, settings, users, serials)
}

async function tellEngines({ home, settings, users }: Pick<Place, 'home' | 'settings' | 'users'>): Promise<void> {
  await Promise.all([reloadPostgres(home, settings, users), reloadRedis(home, settings, users)])
}

/** Writes a file whose content has changed. Answers whether it had. */
function update(home: Home, path: string, content: string): boolean {
  if (home.has(path) && readFileSync(home.path(path), 'utf8') === content) return false
  home.write(path, content, 0o644)
  return true
}

/** A token that is empty or another's would be given new keys, and nothing sealed under the old ones would open again. */
function refuseForeignToken(home: Home, fingerprint: string): void {
  if (!isInstalled(home)) return
  const expected = fingerprintOf(home) ?? fingerprintOfAuthority(home)
  if (expected && expected !== fingerprint)
    throw damaged(home, `the token in ${home.path('token')} is not the one it was installed with`, home.path('token'))
}

/** Homes of before the mark: the certificate of the authority has the key. */
function fingerprintOfAuthority(home: Home): string | undefined {
  if (!home.has('tls/ca.pem')) return undefined
  const { publicKey } = new X509Certificate(readFileSync(home.path('tls/ca.pem')))
  return createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest('hex')
}
