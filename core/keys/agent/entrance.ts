import type { Request } from '../frames.ts'
import { protocolVersion } from '../frames.ts'
import type { Admission, Admitted } from './admission.ts'
import { AgentRefusal } from './refusal.ts'
import type { Role } from './roles.ts'

/** One connection's way in. `ops` has none to go: by its socket the first certificates are signed. */
export type Entrance = {
  isPassed(): boolean
  /** Answers `challenge` and `enter`, and nothing else before it is passed. @throws AgentRefusal */
  pass(request: Request): Record<string, unknown>
  isTakenBack(): boolean
}

export function openEntrance(role: Role, admission: Admission): Entrance {
  let nonce: Buffer | undefined
  let passed: Admitted | undefined
  return {
    isPassed: () => role === 'ops' || passed !== undefined,
    isTakenBack: () => passed?.isTakenBack() ?? false,
    pass({ v, op, args }) {
      if (v !== protocolVersion) throw new AgentRefusal('keys.version', 'this protocol version is not spoken here')
      if (op === 'challenge') {
        nonce = admission.challenge()
        return { nonce: nonce.toString('base64') }
      }
      const asked = nonce
      nonce = undefined // good for one try
      if (op !== 'enter') throw new AgentRefusal('keys.not_admitted', 'whoever comes in shows a certificate first')
      if (!asked || typeof args?.chain !== 'string' || typeof args.signature !== 'string')
        throw new AgentRefusal('keys.malformed', 'an entrance is a challenge, a chain and a signature')
      const { chain, signature } = args
      passed = admission.judge(role, { nonce: asked, chain, signature: Buffer.from(signature, 'base64') })
      return { component: passed.component }
    },
  }
}
