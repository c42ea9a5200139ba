import type { Request } from '../frames.ts'
import { protocolVersion } from '../frames.ts'
import { catalogue, type KeyName, mayAsk, type Role } from './catalogue.ts'
import { type Token, TokenRefusal } from './token.ts'

export class AgentRefusal extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Does what a role may ask. Everything binary travels in base 64. @throws AgentRefusal */
export function answer(token: Token, role: Role, request: Request): Record<string, string> {
  if (request.v !== protocolVersion) throw new AgentRefusal('keys.version', 'this protocol version is not spoken here')
  if (request.key !== undefined && !(request.key in catalogue))
    throw new AgentRefusal('keys.unknown_key', 'there is no such key')
  if (!mayAsk(role, request.op, request.key)) throw new AgentRefusal('keys.not_allowed', `${role} may not ask for this`)
  const key = request.key as KeyName
  try {
    switch (request.op) {
      case 'health':
        token.random(1)
        return {}
      case 'random':
        return { bytes: write(token.random(Number(request.args?.bytes))) }
      case 'mac':
        return { mac: write(token.mac(key, read(request, 'data'))) }
      case 'sign':
        return { signature: write(token.sign(key, read(request, 'digest'))) }
      case 'publicKey':
        return { spki: write(token.publicKey(key)) }
      case 'newDek': {
        const { dek, wrapped, binding } = token.newDek(key, read(request, 'context'))
        return { dek: write(dek), wrapped: write(wrapped), binding: write(binding) }
      }
      case 'openDek':
        return {
          dek: write(token.openDek(key, read(request, 'context'), read(request, 'wrapped'), read(request, 'binding'))),
        }
      case 'attributes':
        return { attributes: JSON.stringify(token.attributes()) }
      default:
        throw new AgentRefusal('keys.unknown_operation', 'there is no such operation')
    }
  } catch (error) {
    if (error instanceof TokenRefusal) throw new AgentRefusal('keys.refused', error.message)
    throw error
  }
}

function read(request: Request, name: string): Buffer {
  const text = request.args?.[name]
  if (typeof text !== 'string') throw new AgentRefusal('keys.malformed', `the request has no ${name}`)
  return Buffer.from(text, 'base64')
}

function write(bytes: Buffer): string {
  return bytes.toString('base64')
}
