import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a certificate is shown for: by a server, by a client, or as an authority above others. */
export type Use = 'server' | 'client' | 'authority'
/** PEM; `judged` is one certificate, `between` are those between it and the root. */
export type Judged = { root: string; between: string; judged: string }

/**
 * Implementations of path validation that share no code with us nor with each other. Each answers whether it takes a certificate for a use,
 * as strictly as it can be told to. They are validators and no linters: they refuse what they mind, and say nothing of what they do not look at.
 */
type Judge = (use: Use, files: { root: string; between: string; judged: string; chain: string }) => boolean

const judges: Record<'OpenSSL' | 'GnuTLS' | 'NSS', Judge> = {
  OpenSSL: (use, { root, between, judged }) => {
    const purpose = { server: 'sslserver', client: 'sslclient', authority: 'crlsign' }[use]
    const how = ['-x509_strict', '-check_ss_sig', '-purpose', purpose]
    return succeeds('openssl', ['verify', ...how, '-CAfile', root, '-untrusted', between, judged])
  },
  // It has no question about authorities: whether one is, shows at what hangs on it.
  GnuTLS: (use, { root, chain }) => {
    const purpose = { server: ['1.3.6.1.5.5.7.3.1'], client: ['1.3.6.1.5.5.7.3.2'], authority: [] }[use]
    const how = ['--verify-profile', 'high', ...purpose.flatMap((oid) => ['--verify-purpose', oid])]
    return succeeds('certtool', ['--verify', ...how, '--load-ca-certificate', root, '--infile', chain])
  },
  NSS: (use, { root, between, judged }) => {
    const usage = { client: '0', server: '1', authority: '11' }[use]
    return succeeds('vfychain', ['-pp', '-u', usage, '-a', judged, '-a', between, '-t', '-a', root])
  },
}

/** Who takes a certificate for a use. */
export function believers(dir: string, use: Use, { root, between, judged }: Judged): string[] {
  const put = (name: string, text: string) => {
    const file = join(dir, `judged-${name}.pem`)
    writeFileSync(file, text)
    return file
  }
  const files = {
    root: put('root', root),
    between: put('between', between),
    judged: put('leaf', judged),
    chain: put('chain', judged === root ? judged : judged + between),
  }
  return Object.entries(judges).flatMap(([name, judge]) => (judge(use, files) ? [name] : []))
}

function succeeds(program: string, words: string[]): boolean {
  const { status, error } = spawnSync(program, words, { stdio: 'ignore' })
  if (error) throw error
  return status === 0
}
