import type { Home } from './home.ts'
import type { Settings } from './settings.ts'

/** What the key agent is told of its module and token: SoftHSM in the home, or what the settings name. */
export function moduleConfig(home: Home, { pkcs11, keyRotationDays }: Settings): object {
  if (pkcs11) {
    const { path, initArgs, token, pin, wrap } = pkcs11
    return {
      module: { path, ...(initArgs ? { initArgs } : {}) },
      token,
      pin,
      ...(wrap ? { wrap } : {}),
      rotationDays: keyRotationDays,
    }
  }
  const softhsmConf = 'token/softhsm2.conf'
  home.write(
    softhsmConf,
    `directories.tokendir = ${home.path('token/tokens')}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n`,
  )
  return {
    module: { path: '/usr/lib/softhsm/libsofthsm2.so', softhsmConf: home.path(softhsmConf) },
    token: { label: 'countroom' },
    pin: { from: 'file', file: home.path('secrets/hsm-pin') },
    soPin: { from: 'file', file: home.path('secrets/hsm-so-pin') },
    rotationDays: keyRotationDays,
  }
}

/** What systemd hands over is known by its environment only, and the supervisor's children have one of their own. */
export function credentials(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const folder = environment.CREDENTIALS_DIRECTORY
  return folder ? { CREDENTIALS_DIRECTORY: folder } : {}
}
