import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { credentialOf } from './credentials.ts'
import type { Home } from './home.ts'
import type { Users } from './identity.ts'
import { ownerOf } from './ownership.ts'
import type { Settings } from './settings.ts'
import { Trouble } from './trouble.ts'

/** What the key agent is told of its module and token: SoftHSM in the home, or what the settings name. */
export function moduleConfig(home: Home, { pkcs11, keyRotationDays }: Settings, users: Users): object {
  if (pkcs11) {
    const { path, initArgs, token, pin, wrap } = pkcs11
    return {
      module: { path, ...(initArgs ? { initArgs } : {}) },
      token,
      pin: isHandedOn(pin, users) ? { from: 'prompt' } : pin,
      ...(wrap ? { wrap } : {}),
      rotationDays: keyRotationDays,
    }
  }
  const softhsmConf = 'token/softhsm2.conf'
  home.write(
    softhsmConf,
    `directories.tokendir = ${home.path('token/tokens')}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n`,
    0o600,
    ownerOf(users, 'keys'),
  )
  return {
    module: { path: '/usr/lib/softhsm/libsofthsm2.so', softhsmConf: home.path(softhsmConf) },
    token: { label: 'countroom' },
    pin: { from: 'file', file: credentialOf(home, 'keys', 'hsm-pin') },
    soPin: { from: 'file', file: credentialOf(home, 'keys', 'hsm-so-pin') },
    rotationDays: keyRotationDays,
  }
}

/**
 * A credential that systemd gave to root, who supervises, is for root alone: the agent is told it as if somebody had typed it.
 * Undefined where the agent finds its PIN itself.
 */
export function handedPin({ pkcs11 }: Settings, users: Users): string | undefined {
  if (!pkcs11 || !isHandedOn(pkcs11.pin, users)) return undefined
  const { name } = pkcs11.pin
  const folder = process.env.CREDENTIALS_DIRECTORY
  if (folder) return readFileSync(join(folder, name), 'utf8').trim()
  throw new Trouble(`There is no systemd credential ${name}: the service has no LoadCredential for it.`, {
    setting: '"pkcs11" in countroom.json',
    remedy: `LoadCredential=${name}:<file> in the unit; or start with CREDENTIALS_DIRECTORY=<folder>`,
  })
}

type Pin = NonNullable<Settings['pkcs11']>['pin']

function isHandedOn(pin: Pin, users: Users): pin is Extract<Pin, { from: 'credential' }> {
  return pin.from === 'credential' && users.keys !== undefined
}

/** What systemd hands over is known by its environment only, and the supervisor's children have one of their own. */
export function credentials(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const folder = environment.CREDENTIALS_DIRECTORY
  return folder ? { CREDENTIALS_DIRECTORY: folder } : {}
}
