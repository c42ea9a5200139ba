import type { Signing, Tagging, Wrapping } from './mechanism.ts'
import { ecdsa, edwards } from './signing.ts'
import { hmac } from './tagging.ts'
import { aesGcm, aesKeyWrap, rsaOaep } from './wrapping.ts'

/** All there are; what is not here is asked of no module. */
export const mechanisms = {
  'aes-kw': aesKeyWrap,
  'aes-gcm': aesGcm,
  'rsa-oaep-sha256': rsaOaep,
  'hmac-sha256': hmac,
  'ecdsa-p256-sha256': ecdsa,
  ed25519: edwards,
} as const

export type MechanismName = keyof typeof mechanisms
export type WrapMode = 'aes-kw' | 'aes-gcm' | 'rsa-oaep-sha256'

export function mechanismOf(name: MechanismName): Wrapping | Signing | Tagging {
  return mechanisms[name]
}
