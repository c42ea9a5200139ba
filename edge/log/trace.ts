const form = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/

/** The trace that a request belongs to (W3C Trace Context), and what a core is told of it. */
export type Trace = {
  readonly traceparent: string
  readonly traceId: string
  /** Of what this edge does for it. */
  readonly spanId: string
  /** The trace of a trusted client that it goes on with, and that client's span. */
  readonly continued: string | undefined
  readonly parentSpanId: string | undefined
  /** Is somebody told of it? */
  readonly isFollowed: boolean
}

/**
 * A trace that goes on where a trusted client began one, and is followed if that client says so; else one that begins here: its id is the hexadecimal
 * part of the request's, so that who knows the one knows the other, and this edge draws whether it is followed.
 *
 * @param given the header of a client that is trusted
 * @param share of the traces that begin here, which are followed; 0 where nobody would be told
 */
export function traceOf(requestId: string, given: string | undefined, share: number): Trace {
  const own = requestId.slice('req_'.length)
  const spanId = own.slice(16)
  const [, continued, parentSpanId, flags] = (given !== undefined && form.exec(given)) || []
  const traceId = continued ?? own
  const isFollowed = flags === undefined ? isDrawn(own, share) : (Number.parseInt(flags, 16) & 1) === 1
  const told = flags ?? (isFollowed ? '01' : '00')
  return { traceparent: `00-${traceId}-${spanId}-${told}`, traceId, spanId, continued, parentSpanId, isFollowed }
}

/** Ids are random, so some of their bits are as good as a draw. */
function isDrawn(id: string, share: number): boolean {
  return share > 0 && Number.parseInt(id.slice(0, 8), 16) < share * 2 ** 32
}
