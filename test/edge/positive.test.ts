import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { isWithinDepth } from '../../edge/guard/contract.ts'
import { type EdgeLab, openEdgeLab } from '../support/edge-lab.ts'

/** A body is let through only as the casino's documents describe it: its type, its size, its depth, and that there is one at all. */
let lab: EdgeLab
beforeAll(async () => {
  lab = await openEdgeLab((_, response) => response.end('{}'), { cores: 1, also: { gate: { documentedOnly: true } } })
})
afterAll(() => lab?.stop())
afterEach(() => {
  for (const core of lab.cores) core.asked.length = 0
})

const json = 'content-type: application/json'
const pad = [`x-pad: ${'x'.repeat(9000)}`]
const deposit = '{"amount":{"amount":"10.00","currency":"EUR"}}'
function ask(line: string, body: string, ...headers: string[]): Promise<string> {
  const head = [`${line} HTTP/1.1`, 'host: localhost', 'connection: close', ...headers]
  return lab.say([...head, `content-length: ${Buffer.byteLength(body)}`, '', body].join('\r\n'))
}

test.each<[string, string, string, string[], number, string]>([
  ['another content type', 'POST /api/deposits', deposit, ['content-type: text/plain'], 415, 'edge.content_type'],
  [
    'a form',
    'POST /api/deposits',
    'a=b',
    ['content-type: application/x-www-form-urlencoded'],
    415,
    'edge.content_type',
  ],
  ['no content type', 'POST /api/deposits', deposit, [], 415, 'edge.content_type'],
  ['another charset', 'POST /api/deposits', deposit, [`${json}; charset=utf-7`], 415, 'edge.content_type'],
  [
    'more than the route can need',
    'POST /api/deposits',
    `{"a":"${'x'.repeat(5000)}"}`,
    [json],
    413,
    'edge.body_too_large',
  ],
  ['deeper than the route can be', 'POST /api/deposits', '{"a":{"b":{"c":1}}}', [json], 400, 'edge.body_too_deep'],
  ['deeper than anything is', 'POST /api/games/x/rounds', '['.repeat(40), [json], 400, 'edge.body_too_deep'],
  ['a body where none is documented', 'DELETE /api/sessions/current', '{}', [json], 400, 'edge.unexpected_body'],
  ['a body for what no document names', 'POST /api/nothing', '{}', [json], 404, 'edge.no_route'],
  [
    'an address longer than its route can need',
    `DELETE /api/devices/${'x'.repeat(600)}`,
    '',
    [],
    414,
    'edge.target_too_long',
  ],
  ['headers longer than the route can need', 'GET /api/rounds', '', pad, 431, 'edge.headers_too_large'],
])('%s is refused, and no core is asked [GLI-B.4.3d]', async (_, line, body, headers, status, code) => {
  const said = await ask(line, body, ...headers)
  expect(said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(said).toContain(`"code":"${code}"`)
  expect(lab.cores.flatMap(({ asked }) => asked)).toEqual([])
})

test.each<[string, string, string, string[]]>([
  ['what is documented', 'POST /api/deposits', deposit, [json]],
  ['a charset that JSON has anyway', 'POST /api/deposits', deposit, ['content-type: Application/JSON; charset=UTF-8']],
  ['an empty body with a content type', 'DELETE /api/sessions/current', '', [json]],
  ['a form of OAuth', 'POST /oauth/token', 'grant_type=x', ['content-type: application/x-www-form-urlencoded']],
  ['long headers where somebody signs in', 'POST /api/sessions', '{}', [json, ...pad]],
  ['a long query, where there is one', `GET /api/rounds?cursor=${'x'.repeat(600)}`, '', []],
])('%s is let through', async (_, line, body, headers) => {
  expect(await ask(line, body, ...headers)).toMatch(/^HTTP\/1\.1 200 /)
  expect(lab.cores[0]!.asked[0]!.body).toBe(body)
})

test('depth is counted outside of texts, also of what is no JSON', () => {
  const within = (text: string, depth: number) => isWithinDepth(Buffer.from(text), depth)
  expect(within('{"a":[{}]}', 3)).toBe(true)
  expect(within('{"a":[{}]}', 2)).toBe(false)
  expect(within('{"[[[[":"\\"{{{{"}', 1)).toBe(true)
  expect(within('[[[[', 3)).toBe(false)
  expect(within(']]]][[', 1)).toBe(true) // no JSON: the core refuses it
})
