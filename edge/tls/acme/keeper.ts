import { X509Certificate } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AcmeConfig, Obtained } from './authority.ts'
import { Limited } from './limited.ts'

/** What became of a look: nothing was due, it is too early to try again, or a try and its outcome. */
type Look = 'not due' | 'waits' | 'renewed' | 'failed'

export type Keeper = {
  look(nowMs: number): Promise<Look>
  /** Tries in a row that brought nothing. */
  readonly failures: number
  /** Of the last one, until a try succeeds. */
  readonly problem: string | undefined
}

const waitMsMin = 60_000
const waitMsMax = 6 * 3_600_000

/** Where the certificate of ACME and its key lie. */
export function acmeFiles(dir: string): { cert: string; key: string } {
  return { cert: join(dir, 'certificate.pem'), key: join(dir, 'certificate.key') }
}

/** Until there is one of ACME's the usual pair stands in its place, so that a listener has something to show and to see change. */
export function standIn(dir: string, usual: { cert: string; key: string }): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const files = acmeFiles(dir)
  if (existsSync(files.cert) && existsSync(files.key)) return
  const key = readFileSync(usual.key)
  rmSync(files.key, { force: true })
  writeFileSync(files.key, key, { mode: 0o600 })
  copyFileSync(usual.cert, files.cert)
}

/**
 * Keeps the certificate of ACME new: asks for another when a part of its life is over, when its names are not those wanted, or when a file `renew`
 * lies beside it (it was taken back). What fails is tried again, each time later, up to every six hours, and not before the authority said; what there is
 * stays until there is better.
 */
export function openKeeper(config: AcmeConfig, usualCert: string, ask: () => Promise<Obtained>): Keeper {
  const files = acmeFiles(config.dir)
  const wish = join(config.dir, 'renew')
  let failures = 0
  let notBeforeMs = 0
  let problem: string | undefined
  return {
    get failures() {
      return failures
    },
    get problem() {
      return problem
    },
    async look(nowMs) {
      if (!isDue(nowMs)) return 'not due'
      if (nowMs < notBeforeMs) return 'waits'
      try {
        put(await ask())
        rmSync(wish, { force: true })
        failures = 0
        notBeforeMs = 0
        problem = undefined
        return 'renewed'
      } catch (error) {
        failures++
        const waitMs = Math.min(waitMsMax, waitMsMin * 2 ** (failures - 1))
        const toldMs = error instanceof Limited ? error.waitMs : 0
        // Hosts that failed together do not ask together.
        notBeforeMs = nowMs + Math.max(waitMs * (0.8 + 0.2 * Math.random()), toldMs * (1 + 0.05 * Math.random()))
        problem = (error as Error).message
        return 'failed'
      }
    },
  }

  function isDue(nowMs: number): boolean {
    if (existsSync(wish)) return true
    const pem = readFileSync(files.cert)
    if (pem.equals(readFileSync(usualCert))) return true
    const certificate = new X509Certificate(pem)
    if (config.names.some((name) => certificate.checkHost(name) === undefined)) return true
    const begin = certificate.validFromDate.getTime()
    return nowMs > begin + (certificate.validToDate.getTime() - begin) * config.renewAfter
  }

  /** Each file is whole at every moment; a listener that sees the new key beside the old certificate waits for the other. */
  function put({ key, chain }: Obtained): void {
    new X509Certificate(chain) // throws when it is none
    for (const [file, text] of [
      [files.key, key],
      [files.cert, chain],
    ] as const) {
      rmSync(`${file}.new`, { force: true })
      writeFileSync(`${file}.new`, text, { mode: 0o600 })
      renameSync(`${file}.new`, file)
    }
  }
}
