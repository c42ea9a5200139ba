import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { connect, type TLSSocket } from 'node:tls'
import { kindOf, type ShippedLine } from '#audit'
import type { Destination } from './destination.ts'

export type SyslogAddress = {
  host: string
  port: number
  caFile: string
  /** The name in the server's certificate, where it is not `host`. */
  serverName?: string | undefined
  /** For a server that wants to know who sends. */
  certFile?: string | undefined
  keyFile?: string | undefined
}

const connectMs = 5000
const writeMs = 10_000
const facility = 13 // log audit
const severities = { alarm: 1, warning: 4, none: 6 } as const

/**
 * A syslog server over TLS (RFC 5425, messages of RFC 5424). The protocol has no acknowledgement: what was sent counts as
 * arrived when the connection is still open some seconds later, and is sent again otherwise.
 */
export function syslogDestination(address: SyslogAddress, process: string): Destination {
  let socket: TLSSocket | undefined
  return {
    settleMs: 5000,
    async open() {
      socket?.destroy()
      socket = await connected(address)
      return { tells: false }
    },
    async send(lines) {
      if (!socket?.writable) throw new Error('the connection to the syslog server is not open')
      await written(socket, Buffer.concat(lines.map((line) => framed(message(line, process)))))
    },
    async close() {
      socket?.end()
      socket?.destroySoon()
      socket = undefined
    },
  }
}

function connected({ host, port, caFile, serverName, certFile, keyFile }: SyslogAddress): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      servername: serverName ?? host,
      ca: readFileSync(caFile),
      minVersion: 'TLSv1.2',
      ...(certFile && keyFile ? { cert: readFileSync(certFile), key: readFileSync(keyFile) } : {}),
    })
    socket.setTimeout(connectMs, () => socket.destroy(new Error(`no connection in ${connectMs} ms`)))
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      socket.setTimeout(0)
      socket.setKeepAlive(true, connectMs)
      socket.on('error', () => {}) // the next write tells
      socket.resume() // whatever it says, so that its end is noticed
      resolve(socket)
    })
  })
}

function written(socket: TLSSocket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => socket.destroy(new Error('the syslog server takes nothing')), writeMs)
    const broken = () => settle(new Error('the connection ended'))
    const settle = (error?: Error | null) => {
      clearTimeout(late)
      socket.off('close', broken)
      if (error) reject(error)
      else resolve()
    }
    socket.once('close', broken)
    socket.write(bytes, settle)
  })
}

/** Octet counting: the length before each message, so that nothing in it can end it. */
function framed(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from(`${bytes.length} `), bytes])
}

/** Header fields are printable ASCII without spaces; the message is the line as it also stands in a file. */
function message({ code, at, text }: ShippedLine, process: string): string {
  const priority = facility * 8 + severities[kindOf(code)?.severity ?? 'none']
  const printable = (field: string, lengthMax: number) => field.replace(/[^\x21-\x7e]/g, '_').slice(0, lengthMax) || '-'
  return `<${priority}>1 ${at.toISOString()} ${printable(hostname(), 255)} ${printable(process, 48)} - ${printable(code, 32)} - ${text}`
}
