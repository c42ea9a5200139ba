import { readFileSync } from 'node:fs'
import type { ServerOptions } from 'node:https'
import type { EdgeConfig, Face } from '../config.ts'

/** TLS 1.3 and 1.2, forward secrecy only, AEAD only, curves and order as widely recommended. */
export function publicTls(config: EdgeConfig, face: Face): ServerOptions {
  const { cert, key } = config.listeners[face]
  return {
    cert: readFileSync(cert),
    key: readFileSync(key),
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: [
      'TLS_AES_128_GCM_SHA256',
      'TLS_AES_256_GCM_SHA384',
      'TLS_CHACHA20_POLY1305_SHA256',
      'ECDHE-ECDSA-AES128-GCM-SHA256',
      'ECDHE-ECDSA-AES256-GCM-SHA384',
      'ECDHE-ECDSA-CHACHA20-POLY1305',
      'ECDHE-RSA-AES128-GCM-SHA256',
      'ECDHE-RSA-AES256-GCM-SHA384',
    ].join(':'),
    ecdhCurve: 'X25519:P-256:P-384',
    honorCipherOrder: true,
    handshakeTimeout: config.limits.handshakeSecondsMax * 1000,
    ALPNProtocols: ['http/1.1'],
  }
}

/** How the edge meets a core: its own certificate, the appliance's authority, and the core's name pinned. */
export function coreTls(config: EdgeConfig, core: string) {
  return {
    ca: readFileSync(config.tls.ca),
    cert: readFileSync(config.tls.cert),
    key: readFileSync(config.tls.key),
    servername: `${core}.countroom.internal`,
    minVersion: 'TLSv1.3' as const,
    rejectUnauthorized: true,
  }
}
