import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The PKCS#11 modules the suite runs on: each makes an empty token in a directory and says how the agent finds it. */
export const testModules = ['softhsm', 'nss'] as const
export type TestModule = (typeof testModules)[number]

export const testPin = '12345678'

export type Setting = {
  module: { path: string; initArgs?: string; softhsmConf?: string }
  token: { label: string }
}

export function makeToken(kind: TestModule, dir: string): Setting {
  if (kind === 'softhsm') {
    const conf = join(dir, 'softhsm2.conf')
    mkdirSync(join(dir, 'tokens'))
    writeFileSync(conf, `directories.tokendir = ${dir}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n`)
    return { module: { path: '/usr/lib/softhsm/libsofthsm2.so', softhsmConf: conf }, token: { label: 'countroom' } }
  }
  // NSS makes its database by a tool of its own; its token has a name that cannot be chosen.
  const database = join(dir, 'nss')
  mkdirSync(database)
  writeFileSync(join(dir, 'nss-pin'), `${testPin}\n`)
  process.env.NSS_MAX_MP_PBE_ITERATION_COUNT = '1' // NSS makes each object slow to open, to slow down guessing of the PIN
  execFileSync('certutil', ['-N', '-d', `sql:${database}`, '-f', join(dir, 'nss-pin')])
  return {
    module: {
      path: nssLibrary(),
      initArgs: `configdir='sql:${database}' certPrefix='' keyPrefix='' secmod='' flags=`,
    },
    token: { label: 'NSS Certificate DB' },
  }
}

function nssLibrary(): string {
  const folders = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].flatMap((triple) => [
    `/usr/lib/${triple}`,
    `/usr/lib/${triple}/nss`,
  ])
  const found = folders.map((folder) => join(folder, 'libsoftokn3.so')).find(existsSync)
  if (!found) throw new Error('NSS is not installed; npm test installs it')
  return found
}
