import { responseHeaders } from '../guard/headers.ts'
import { type Exchange, headerIn } from '../listen/exchange.ts'
import { type Problem, problem } from '../problem.ts'
import type { Core } from './core.ts'
import type { Cores } from './cores.ts'
import type { Held } from './spool.ts'
import { Try, type Trying } from './try.ts'
import { Alarm } from './wheel.ts'

export type Forward = {
  exchange: Exchange
  /** As the core gets them, flat. */
  headers: string[]
  body: Buffer
  /** With a key, or safe: may be sent to another core. */
  repeatable: boolean
  /** Safe: may be sent to two cores at once when the first is late. */
  hedgeable: boolean
  /** Of what can be repeated and is soon answered; see `Outgoing`. */
  lane?: number | undefined
  /** It moves money, and goes by the connections that nothing else goes by. */
  money: boolean
  /** By index in `routeClasses`. */
  routeClass: number
  /** Who asks with the same goes to the same core. */
  affinity?: string | undefined
  /** Hears whose sign-in it is, where the core was asked. */
  onOwner?: ((player: string) => void) | undefined
  /** How long all tries together may take, and each of them. */
  secondsMax: number
  trySecondsMax: number
}

export type Forwarded = { core: string; tries: number; hedged: boolean; status: number; problem?: Problem }

/** When a request is to be there, in milliseconds of the core's own clock: it refuses what comes to its turn later. */
const deadlineHeader = 'x-deadline'
const hedgeMsMin = 20
const lookMs = 20
const pauseMsMin = 10
const pauseMsMax = 100

/**
 * Sends a request to a core and its answer to the client. A repeatable request that finds no answer goes to another core, and waits a
 * little for one when there is none; any other request is sent once at most.
 */
export function forward(cores: Cores, request: Forward): Promise<Forwarded> {
  return new Promise((resolve) => new Trip(cores, request, resolve).begin())
}

/** The way of one request: usually one try, and two at once when the first is late. */
class Trip extends Alarm implements Trying {
  readonly #cores: Cores
  readonly #request: Forward
  readonly #resolve: (forwarded: Forwarded) => void
  readonly #startedMs: number
  readonly #tried: Core[] = []
  #live: Try | undefined
  #hedge: Try | undefined
  /** Its answer is on its way to the client. */
  #winner: Try | undefined
  #last: Core | undefined
  /** The end of an answer goes out together with the word that it ends. */
  #lastChunk: Buffer | undefined
  /** What its reader has not taken yet. */
  #held: Held | undefined
  #isPaused = false
  #tries = 0
  #hedged = false
  #isBusy = false
  #pauseMs = pauseMsMin
  #over = false

  constructor(cores: Cores, request: Forward, resolve: (forwarded: Forwarded) => void) {
    super()
    this.#cores = cores
    this.#startedMs = cores.wheel.awakeMs
    this.#request = request
    this.#resolve = resolve
  }

  begin(): void {
    this.#cores.retries.active++
    this.#cores.hedges.earn()
    this.#request.exchange.onGone(() => this.#clientGone())
    this.#next()
  }

  ring(): void {
    if (this.#live === undefined) this.#next()
    else this.#look(this.#live)
  }

  answered(tried: Try, status: number, rawHeaders: readonly string[]): void {
    // The core is well and says not now; another may.
    if (status === 503 && this.#request.repeatable) {
      tried.forget()
      this.#isBusy = true
      this.#fell(tried)
      return
    }
    this.#winner = tried
    this.#cores.wheel.clear(this)
    const other = tried === this.#live ? this.#hedge : this.#live
    other?.forget()
    const { exchange, onOwner } = this.#request
    const owner = onOwner && headerIn(rawHeaders, 'x-player')
    if (owner) onOwner(owner)
    exchange.respond(status, responseHeaders(rawHeaders, exchange.requestId))
  }

  data(tried: Try, chunk: Buffer, last: boolean): void {
    if (tried !== this.#winner) return
    if (last) this.#lastChunk = chunk
    else if (!this.#request.exchange.write(chunk) || this.#held) this.#hold(tried)
  }

  /** Its reader is slower than the core: the core is not held up for that, unless it is too much. */
  #hold(tried: Try): void {
    const { spool } = this.#cores
    this.#held ??= spool.hold(
      this.#request.exchange,
      () => this.#flows(tried),
      () => this.#cutOff(),
    )
    const held = this.#held
    if (spool.weigh(held) || this.#isPaused || this.#over) return
    this.#isPaused = true
    tried.leg?.pause()
    spool.pause(held)
  }

  #flows(tried: Try): void {
    this.#held = undefined
    if (!this.#isPaused) return
    this.#isPaused = false
    tried.leg?.resume()
  }

  #cutOff(): void {
    const { exchange } = this.#request
    exchange.onGone(undefined)
    exchange.destroy()
    if (!this.#over) this.#clientGone()
  }

  ended(tried: Try): void {
    if (tried !== this.#winner) return
    this.#request.exchange.end(this.#lastChunk)
    if (this.#held) this.#cores.spool.weigh(this.#held)
    this.#done(tried.core.name, this.#request.exchange.status)
  }

  failed(tried: Try): void {
    this.#cores.eject(tried.core)
    if (tried === this.#winner) {
      this.#request.exchange.destroy()
      this.#done(tried.core.name, this.#request.exchange.status)
    } else if (tried.wasSent && !this.#request.repeatable) this.#unknown(tried.core)
    else this.#fell(tried)
  }

  /** A try came to nothing; if another is under way, that is waited for. */
  #fell(tried: Try): void {
    this.#tried.push(tried.core)
    if (tried === this.#hedge) this.#hedge = undefined
    else {
      this.#live = this.#hedge
      this.#hedge = undefined
    }
    if (this.#live === undefined) this.#next()
  }

  /** Sends it to a core that was not asked yet, or waits for one. */
  #next(): void {
    const again = this.#tries > 0
    if (this.#leftMs() <= 0) this.#noCore()
    else if (again && !this.#cores.retries.take()) this.#wait()
    else {
      const { routeClass, affinity } = this.#request
      const core = this.#cores.pick({ routeClass, tried: this.#tried, affinity })
      if (core) this.#live = this.#send(core, again)
      else {
        if (again) this.#cores.retries.giveBack()
        this.#nobody()
      }
    }
  }

  #nobody(): void {
    this.#tried.length = 0
    if (this.#cores.isBlocked(this.#request.routeClass)) this.#overloaded()
    else this.#wait()
  }

  #wait(): void {
    this.#cores.wheel.set(this, this.#pauseMs * (0.5 + Math.random()))
    this.#pauseMs = Math.min(pauseMsMax, this.#pauseMs * 2)
  }

  #send(core: Core, isRetry: boolean): Try {
    const { exchange, headers, body, routeClass, lane, money } = this.#request
    this.#tries++
    this.#last = core
    const tried = new Try(this.#cores, core, this, { routeClass, isRetry })
    const length = headers.length
    if (core.clockAheadMs !== undefined) headers.push(deadlineHeader, String(this.#deadlineOf(core.clockAheadMs)))
    this.#cores.wheel.set(this, this.#request.repeatable ? this.#firstLookMs() : this.#tryMsMax())
    tried.leg = core.ways[exchange.face][money ? 'money' : 'other'].send(
      { method: exchange.method, path: exchange.target, headers, body, lane },
      tried,
    )
    headers.length = length // the next core has another clock
    return tried
  }

  #deadlineOf(clockAheadMs: number): number {
    return Math.ceil(performance.now() + clockAheadMs + Math.min(this.#tryMsMax(), this.#leftMs()))
  }

  #firstLookMs(): number {
    return Math.max(hedgeMsMin, this.#cores.usual.lateMs(this.#request.routeClass))
  }

  /** An answer is late: is it time to ask another core, beside this one or instead? */
  #look(live: Try): void {
    const ageMs = this.#cores.wheel.awakeMs - live.startedAwakeMs
    if (ageMs >= this.#tryMsMax() || this.#leftMs() <= 0) this.#tooLate(live)
    else if (this.#hedge === undefined && this.#mayLeave(live)) {
      live.abandon(false)
      this.#fell(live)
    } else {
      if (this.#hedge === undefined && this.#request.hedgeable && ageMs >= this.#firstLookMs()) this.#sendHedge(live)
      this.#cores.wheel.set(this, lookMs)
    }
  }

  #mayLeave(live: Try): boolean {
    return this.#request.repeatable && this.#cores.isForsaken(live.core) && !this.#cores.retries.isSpent
  }

  #sendHedge(live: Try): void {
    const { routeClass } = this.#request
    const core = this.#cores.pick({ routeClass, tried: [...this.#tried, live.core] })
    if (!core || !this.#cores.isSound(core) || !this.#cores.hedges.take()) return
    this.#hedged = true
    this.#hedge = this.#send(core, false)
  }

  #tooLate(live: Try): void {
    live.abandon(true)
    this.#hedge?.abandon(true)
    if (this.#hedge) this.#tried.push(this.#hedge.core)
    this.#hedge = undefined
    if (live.wasSent && !this.#request.repeatable) this.#unknown(live.core)
    else this.#fell(live)
  }

  /** What was sent is waited for all the same: as long as a core works for a client, it counts as that client's. */
  #clientGone(): void {
    this.#cores.wheel.clear(this)
    const done = () => this.#done(this.#last?.name ?? '', 499)
    const waitedFor = this.#winner ?? this.#live
    for (const other of [this.#live, this.#hedge]) if (other !== waitedFor) other?.forget()
    if (waitedFor) waitedFor.forget(done)
    else done()
  }

  #unknown(core: Core): void {
    this.#refuse(
      core.name,
      problem(502, 'edge.outcome_unknown', 'The casino did not answer; it is not known whether this was done.'),
    )
  }

  #noCore(): void {
    this.#refuse(
      this.#last?.name ?? '',
      this.#isBusy
        ? problem(503, 'edge.busy', 'The casino has too much to do at the moment. Ask again with the same key.')
        : problem(503, 'edge.no_core', 'The casino is not reachable at the moment. Ask again with the same key.'),
    )
  }

  #overloaded(): void {
    this.#refuse('', problem(503, 'edge.overloaded', 'This cannot be done at the moment. Ask again with the same key.'))
  }

  #refuse(core: string, found: Problem): void {
    this.#done(core, found.status, found)
  }

  #done(core: string, status: number, found?: Problem): void {
    if (this.#over) return
    this.#over = true
    this.#cores.wheel.clear(this)
    this.#cores.retries.active--
    this.#request.exchange.onGone(undefined)
    const tries = this.#hedged ? this.#tries - 1 : this.#tries
    this.#resolve({ core, tries, hedged: this.#hedged, status, ...(found ? { problem: found } : {}) })
  }

  #tryMsMax(): number {
    return this.#request.trySecondsMax * 1000
  }

  #leftMs(): number {
    return this.#request.secondsMax * 1000 - (this.#cores.wheel.awakeMs - this.#startedMs)
  }
}
