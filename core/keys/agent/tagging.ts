import pkcs11js from 'pkcs11js'
import { messageBytesMax, type Tagging, within } from './mechanism.ts'
import { templateOf } from './objects.ts'

/** RFC 2104 with SHA-256 and a key of 32 bytes. */
export const hmac: Tagging = {
  use: 'mac',
  needs: [pkcs11js.CKM_GENERIC_SECRET_KEY_GEN, pkcs11js.CKM_SHA256_HMAC],
  keyType: pkcs11js.CKK_GENERIC_SECRET,
  bytes: 32,
  parts: { secret: ['sign', 'verify'] },
  generate: (module, session, name, stored) => ({
    secret: module.raw.C_GenerateKey(session, { mechanism: pkcs11js.CKM_GENERIC_SECRET_KEY_GEN }, [
      ...templateOf('secret', name, ['sign', 'verify'], stored),
      { type: pkcs11js.CKA_VALUE_LEN, value: 32 },
    ]),
  }),
  mac(module, session, find, data) {
    within(data.length, 1, messageBytesMax, 'message bytes')
    module.raw.C_SignInit(session, { mechanism: pkcs11js.CKM_SHA256_HMAC }, find('secret'))
    const mac = Buffer.from(module.raw.C_Sign(session, data, Buffer.alloc(32)))
    if (mac.length !== 32) throw new Error('the module did not give a MAC of 32 bytes')
    return mac
  },
}
