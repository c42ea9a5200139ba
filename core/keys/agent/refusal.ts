import type { RefusalKind } from '#base'

/**
 * What the agent answers instead of a result. With a kind it is an expected "no" that a person can do something about;
 * without one the asking process is at fault.
 */
export class AgentRefusal extends Error {
  readonly code: string
  readonly kind: RefusalKind | undefined
  constructor(code: string, message: string, kind?: RefusalKind) {
    super(message)
    this.code = code
    this.kind = kind
  }
}
