import { ask, note } from './bridge.ts'

type Params = { headers?: Record<string, string>; redirects?: number }
type Body = string | Record<string, string> | null | undefined
const redirectsMax = 10

/** `k6/http`: synchronous, with a jar of cookies per virtual user that outlives its iterations. */
const cookies = new Map<string, Map<string, string>>()

export default {
  get: (url: string, params?: Params) => request('GET', url, undefined, params),
  post: (url: string, body?: Body, params?: Params) => request('POST', url, body, params),
}

function request(method: string, url: string, body: Body, params: Params = {}) {
  let answer = once(method, url, body, params)
  for (let followed = 0; followed < (params.redirects ?? redirectsMax); followed++) {
    const location = answer.headers.Location
    if (!location || answer.status < 300 || answer.status > 399) break
    answer = once('GET', new URL(location, answer.url).href, undefined, { headers: {} })
  }
  return answer
}

function once(method: string, url: string, body: Body, params: Params) {
  const origin = new URL(url).origin
  const jar = cookies.get(origin) ?? new Map<string, string>()
  cookies.set(origin, jar)
  const form = body !== null && typeof body === 'object'
  const {
    status,
    headers,
    body: text,
    durationMs,
    error,
  } = ask({
    method,
    url,
    headers: {
      ...(jar.size > 0 ? { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') } : {}),
      ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      ...params.headers,
    },
    body: form ? new URLSearchParams(body).toString() : (body ?? undefined),
  })
  for (const line of [headers['set-cookie'] ?? []].flat()) keep(jar, line)
  note('trend:http_req_duration', durationMs)
  note('rate:http_req_failed', Number(status < 200 || status > 399))
  return {
    url,
    status,
    error,
    body: text,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [canonical(name), String(value)]),
    ) as Record<string, string | undefined>,
    timings: { duration: durationMs },
    json: () => JSON.parse(text) as unknown,
  }
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';')
  const [name = '', ...value] = pair.split('=')
  const ended = attributes.some((attribute) => /^\s*max-age=0\s*$/i.test(attribute))
  if (ended) jar.delete(name.trim())
  else jar.set(name.trim(), value.join('='))
}

/** k6 writes header names as Go does: `Content-Type`. */
function canonical(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())
}
