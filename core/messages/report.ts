import PostalMime from 'postal-mime'

/** What a report says of one recipient: `failed` for good, or something that is no news to us. */
export type DeliveryReport = { failed: boolean; status: string }

const reportBytesMax = 256 * 1024

/**
 * Reads a delivery status notification (RFC 3464): the part `message/delivery-status` of a `multipart/report`, its first
 * recipient, since each of our mails has one. Undefined for any other mail, an out-of-office note for example.
 */
export async function readReport(raw: Buffer): Promise<DeliveryReport | undefined> {
  if (raw.length > reportBytesMax) return undefined
  const mail = await PostalMime.parse(raw, {
    attachmentEncoding: 'utf8',
    forceRfc822Attachments: true,
    maxNestingDepth: 8,
    maxHeadersSize: 64 * 1024,
  }).catch(() => undefined)
  const part = mail?.attachments.find(({ mimeType }) => mimeType === 'message/delivery-status')
  if (typeof part?.content !== 'string') return undefined
  const groups = part.content
    .replaceAll('\r\n', '\n')
    .trim()
    .split(/\n\s*\n/)
  for (const group of groups.slice(1)) {
    const fields = fieldsOf(group)
    const status = /^([245]\.\d{1,3}\.\d{1,3})\b/.exec(fields.get('status') ?? '')?.[1]
    if (!status || !fields.has('final-recipient')) continue
    return { failed: fields.get('action')?.toLowerCase() === 'failed' && status.startsWith('5'), status }
  }
  return undefined
}

function fieldsOf(group: string): Map<string, string> {
  const unfolded = group.replaceAll(/\n[ \t]+/g, ' ')
  return new Map(
    unfolded.split('\n').flatMap((line): Array<[string, string]> => {
      const colon = line.indexOf(':')
      return colon < 1 ? [] : [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]]
    }),
  )
}
