import { type Dispatcher, Pool } from 'undici'
import { logged, newRequestId, origin, poolOptions, serve } from './front.ts'

/** A bare dispatch: what a proxy on `node:https` and undici costs that decides nothing. */
const pool = new Pool(origin, poolOptions)
const onHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host'])

serve((request, response) => {
  const requestId = newRequestId()
  logged(request, response, requestId)
  const headers = ['x-request-id', requestId, 'x-forwarded-for', request.socket.remoteAddress ?? '']
  copy(request.rawHeaders, headers)
  const { method, url: path } = request
  const body = request.headers['content-length'] === undefined ? null : request
  let controller: Dispatcher.DispatchController | undefined
  // A client that goes away lets go of its connection to the core, or all of them would soon wait for somebody who reads no more.
  response.once('close', () => {
    if (!response.writableFinished) controller?.abort(new Error('the client is gone'))
  })
  pool.dispatch(
    { method: method as Dispatcher.HttpMethod, path: path ?? '/', headers, body },
    {
      onRequestStart(begun) {
        controller = begun
      },
      onResponseStart(begun, status) {
        const passed: string[] = []
        copy((begun.rawHeaders as Buffer[]).map(String), passed)
        response.writeHead(status, passed)
      },
      onResponseData(begun, chunk) {
        if (response.write(chunk)) return
        begun.pause()
        response.once('drain', () => begun.resume())
      },
      onResponseEnd() {
        response.end()
      },
      onResponseError() {
        response.destroy()
      },
    },
  )
})

function copy(from: readonly string[], to: string[]): void {
  for (let i = 0; i < from.length; i += 2) if (!onHop.has(from[i]!.toLowerCase())) to.push(from[i]!, from[i + 1]!)
}
