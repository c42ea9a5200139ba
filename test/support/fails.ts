import { existsSync, readFileSync } from 'node:fs'
import pkcs11js from 'pkcs11js'

/**
 * Put in front of a key agent (`--import`): while the file that COUNTROOM_FAIL names is there, the functions of the module that it names fail
 * with the return value that it says: `C_Sign,C_DestroyObject CKR_GENERAL_ERROR`.
 */
const file = process.env.COUNTROOM_FAIL ?? ''
const module = pkcs11js.PKCS11.prototype
for (const name of ['C_CreateObject', 'C_DestroyObject', 'C_Sign'] as const) {
  const real = module[name] as (...args: unknown[]) => unknown
  Object.assign(module, {
    [name](this: unknown, ...args: unknown[]) {
      const [what, value] = existsSync(file) ? readFileSync(file, 'utf8').split(' ') : []
      if (what?.split(',').includes(name)) throw new Error(`${value}:0`)
      return real.apply(this, args)
    },
  })
}
