const form = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/

/** The trace that a request belongs to (W3C Trace Context), and what a core is told of it. */
export type Trace = { readonly traceparent: string; readonly continued: string | undefined }

/**
 * A trace that goes on where a trusted client began one; else one that begins here: its id is the hexadecimal part of the request's, so that who
 * knows the one knows the other.
 *
 * @param given the header of a client that is trusted
 */
export function traceOf(requestId: string, given: string | undefined): Trace {
  const own = requestId.slice('req_'.length)
  const [, continued, flags = '00'] = (given !== undefined && form.exec(given)) || []
  return { traceparent: `00-${continued ?? own}-${own.slice(16)}-${flags}`, continued }
}
