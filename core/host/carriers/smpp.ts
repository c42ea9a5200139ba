import { readFileSync } from 'node:fs'
import type { Pdu, Session } from 'smpp'
import type { Carrier, Fate, Letter, Receipt } from '#messages'
import { readReceipt } from './smpp-receipt.ts'

/** What the adapter needs to speak to a message centre. `url` holds the system id: `smpps://casino@smsc.example:3550`. */
type Access = {
  url: string
  password: string
  sender: string
  caFile?: string | undefined
  now(): Date
  /** Takes what the centre says later; when that fails, the centre is asked to say it again. */
  receive(receipt: Receipt): Promise<void>
  log(line: object, text: string): void
  reconnectMs?: number
}

const name = 'smpp'
const version = 0x34
const answerMs = 10_000
const keepAliveMs = 30_000
const octetsMax = 140 // of one text message
const gsm = 0
const ucs2 = 8

/** Statuses that are about this message or its recipient: whatever else is wrong is tried again (SMPP 3.4, 5.1.3). */
const hopeless = new Set([0x0b /* RINVDSTADR */, 0x50 /* RINVDSTTON */, 0x51 /* RINVDSTNPI */, 0x66 /* RX_R_APPN */])

/**
 * Text messages by SMPP 3.4, bound as a transceiver: one connection that sends, and on which receipts come. It is there from the
 * beginning, so that receipts of before are heard, and comes again when it was cut.
 */
export function smppCarrier(access: Access): Carrier {
  let bound: Promise<Session> | undefined
  let again: NodeJS.Timeout | undefined
  let closed = false
  void connection().catch(() => {})
  return {
    async send(letter) {
      try {
        const session = await connection()
        return fateOf(await ask(session, 'submit_sm', await submission(letter, access)))
      } catch (error) {
        return { fate: 'later', status: (error as Error).message }
      }
    },
    async close() {
      closed = true
      clearTimeout(again)
      const session = await bound?.catch(() => undefined)
      if (!session) return
      await ask(session, 'unbind', {}).catch(() => {})
      session.destroy()
    },
  }

  function connection(): Promise<Session> {
    if (closed) return Promise.reject(new Error('closed'))
    bound ??= bind(access, () => {
      bound = undefined
      clearTimeout(again)
      if (!closed) again = setTimeout(() => void connection().catch(() => {}), access.reconnectMs ?? 15_000).unref()
    })
    return bound
  }
}

async function bind(access: Access, gone: () => void): Promise<Session> {
  const { connect } = await import('smpp')
  const { protocol, hostname, port, username } = new URL(access.url)
  const tls = protocol === 'smpps:'
  const session = connect({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (tls ? 3550 : 2775)),
    tls,
    servername: hostname,
    minVersion: 'TLSv1.2',
    ...(access.caFile === undefined ? {} : { ca: readFileSync(access.caFile) }),
  })
  const keptAlive = setInterval(
    () => void ask(session, 'enquire_link', {}).catch(() => session.destroy()),
    keepAliveMs,
  ).unref()
  session.on('error', (error: Error & { code?: string }) => {
    access.log({ code: error.code ?? error.name }, 'the carrier’s connection failed')
    session.destroy()
  })
  session.on('close', () => {
    clearInterval(keptAlive)
    gone()
  })
  session.on('pdu', (pdu: Pdu) => void answer(session, pdu, access))
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => session.destroy(), answerMs)
    session.once(tls ? 'secureConnect' : 'connect', () => resolve(clearTimeout(late)))
    session.once('close', () => reject(new Error('unreachable', { cause: clearTimeout(late) })))
  })
  const system_id = decodeURIComponent(username)
  const credentials = { system_id, password: access.password, interface_version: version }
  const said = await ask(session, 'bind_transceiver', credentials).catch(() => undefined)
  if (said?.command_status === 0) return session
  session.destroy()
  const status = said ? statusOf(said) : 'unreachable'
  access.log({ status }, 'the carrier does not let us in')
  throw new Error(status)
}

/** Says something and waits for its answer; what was cut meanwhile has none. */
function ask(session: Session, command: string, values: object): Promise<Pdu> {
  return new Promise((resolve, reject) => {
    const ended = () => done(() => reject(new Error('unreachable')))
    const late = setTimeout(ended, answerMs)
    const done = (then: () => void) => {
      clearTimeout(late)
      session.off('close', ended)
      then()
    }
    session.once('close', ended)
    if (!session[command]!(values, (pdu: Pdu) => done(() => resolve(pdu)))) ended()
  })
}

/** What the centre asks of us by itself. */
async function answer(session: Session, pdu: Pdu, access: Access): Promise<void> {
  if (pdu.isResponse()) return
  if (pdu.command !== 'deliver_sm') {
    session.send(pdu.response())
    if (pdu.command === 'unbind') session.close()
    return
  }
  const receipt = readReceipt(name, pdu)
  const taken =
    receipt === undefined ||
    (await access.receive(receipt).then(
      () => true,
      () => false,
    ))
  session.send(pdu.response(taken ? {} : { command_status: 0x64 /* RX_T_APPN: say it again */ }))
}

async function submission({ address, text, before }: Letter, { sender, now }: Access): Promise<object> {
  const { encodings } = await import('smpp')
  const data_coding = encodings.ASCII.match(text) ? gsm : ucs2 // the library calls GSM 03.38 so
  const octets = data_coding === gsm ? Math.ceil((encodings.ASCII.encode(text).length * 7) / 8) : text.length * 2
  const numeric = sender.startsWith('+')
  return {
    source_addr_ton: numeric ? 1 : 5,
    source_addr_npi: numeric ? 1 : 0,
    source_addr: sender.replace('+', ''),
    dest_addr_ton: 1,
    dest_addr_npi: 1,
    destination_addr: address.replace('+', ''),
    registered_delivery: 1,
    ...(before ? { validity_period: lasting(before.getTime() - now().getTime()) } : {}),
    data_coding,
    ...(octets > octetsMax ? { message_payload: text } : { short_message: text }),
  }
}

/** A relative time of SMPP, 7.1.1.1: hours, minutes and seconds from now. */
function lasting(ms: number): string {
  const seconds = Math.max(1, Math.floor(ms / 1000))
  const two = (value: number) => String(value).padStart(2, '0')
  const days = Math.floor(seconds / 86_400)
  return `0000${two(days)}${two(Math.floor(seconds / 3600) % 24)}${two(Math.floor(seconds / 60) % 60)}${two(seconds % 60)}000R`
}

function fateOf(pdu: Pdu): Fate {
  if (pdu.command_status === 0)
    return { fate: 'accepted', carrier: name, ...(pdu.message_id ? { reference: pdu.message_id } : {}) }
  return { fate: hopeless.has(pdu.command_status) ? 'refused' : 'later', status: statusOf(pdu) }
}

function statusOf({ command_status: status }: Pdu): string {
  return `smpp-${status.toString(16).padStart(2, '0')}`
}
