/** What we use of the library `smpp`, which brings no types. */
declare module 'smpp' {
  import type { EventEmitter } from 'node:events'

  export type Pdu = {
    command: string
    command_status: number
    message_id?: string
    esm_class?: number
    short_message?: string | Buffer | { message?: string | Buffer }
    receipted_message_id?: string
    message_state?: number
    isResponse(): boolean
    response(values?: object): Pdu
    [parameter: string]: unknown
  }

  /** A verb of the protocol: false when nothing could be said. */
  type Verb = (values: object, answered?: (pdu: Pdu) => void) => boolean

  export type Session = EventEmitter & { [verb: string]: Verb } & {
    send(pdu: Pdu): boolean
    close(): void
    destroy(): void
  }

  export function connect(options: object): Session
  export function createServer(options: object, listener: (session: Session) => void): import('node:net').Server
  export const encodings: { ASCII: { match(text: string): boolean; encode(text: string): Buffer } }
}
