import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import * as oauth from 'openid-client'
import * as access from '#access'
import { operatorFace } from '../../core/host/operator/index.ts'
import { partnerFace } from '../../core/host/partner/index.ts'
import { type Faces, openFaces } from './faces.ts'

/** Where a request really goes: the face behind the edge, with what the edge would tell it. */
export type Front = {
  issuer: URL
  /** As a client reaches it: by its public address. `certificate`: what it shows to the edge, DER. */
  fetch(url: string | URL, init?: RequestInit, certificate?: Buffer): Promise<Response>
}

export type OAuthWorld = {
  faces: Faces
  partner: Front
  operator: Front
  add(client: string, data: Partial<access.ClientData> & { kind: access.ClientData['kind'] }): Promise<void>
  stop(): Promise<void>
}

const port = 8443
const origin = `https://localhost:${port}`

/** The faces for machines and staff on sockets of their own, without the edge: its headers are set as it sets them. */
export async function openOAuthWorld(): Promise<OAuthWorld> {
  const faces = await openFaces()
  const host = {
    ...faces.host,
    config: { ...faces.host.config, origins: { player: origin, operator: origin, partner: origin } },
  }
  const open: Server[] = []
  const front = async (face: typeof partnerFace): Promise<Front> => {
    const listener = getRequestListener(face(host, async () => []).fetch)
    const server = createServer(listener)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    open.push(server)
    const at = (server.address() as AddressInfo).port
    return {
      issuer: new URL(`${origin}/oauth`),
      fetch: (url, init, certificate) => {
        const { pathname, search } = new URL(url, origin)
        const headers = new Headers(init?.headers)
        headers.set('x-forwarded-for', '192.0.2.44')
        headers.set('x-forwarded-proto', 'https')
        headers.set('x-forwarded-host', `localhost:${port}`)
        headers.set('x-request-id', headers.get('x-request-id') ?? `req_${randomUUID()}`)
        if (certificate) headers.set('x-client-certificate', certificate.toString('base64'))
        return fetch(`http://127.0.0.1:${at}${pathname}${search}`, { ...init, headers, redirect: 'manual' })
      },
    }
  }
  return {
    faces,
    partner: await front(partnerFace),
    operator: await front(operatorFace),
    add: (client, { kind, ...data }) =>
      faces.world.act((tx) =>
        access.addClient(tx, faces.world.command(), {
          client,
          data: {
            kind,
            name: `Client ${client}`,
            authentication: 'key',
            keys: [],
            binding: 'dpop',
            scopes: kind === 'app' ? ['openid', 'profile'] : ['books.read'],
            redirectUris: kind === 'app' ? ['https://app.example.com/back'] : [],
            pushed: kind === 'app',
            ...data,
          },
          approvedBy: ['stf_a', 'stf_b'],
        }),
      ),
    async stop() {
      for (const server of open) {
        server.closeAllConnections()
        server.close()
      }
      await faces.stop()
    },
  }
}

export type ClientKey = { jwk: JsonWebKey; privateKey: KeyObject; key: CryptoKey }

/** A key pair of a client, for P-256. */
export async function newClientKey(): Promise<ClientKey> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' }) as JsonWebKey
  const key = await crypto.subtle.importKey(
    'jwk',
    privateKey.export({ format: 'jwk' }) as JsonWebKey,
    { name: 'ECDSA', namedCurve: 'P-256' },
    false,
    ['sign'],
  )
  return { jwk, privateKey, key }
}

/** `openid-client`, an independent library, as a client would use it. */
export async function discover(
  front: Front,
  client: string,
  authentication: oauth.ClientAuth,
  { metadata = {}, certificate }: { metadata?: Partial<oauth.ClientMetadata>; certificate?: Buffer } = {},
): Promise<oauth.Configuration> {
  const asked: oauth.CustomFetch = (url, init) => front.fetch(url, init as RequestInit, certificate)
  return oauth.discovery(front.issuer, client, metadata, authentication, { [oauth.customFetch]: asked })
}
