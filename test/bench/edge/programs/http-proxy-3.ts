import { createProxyServer } from 'http-proxy-3'
import { agent, logged, newRequestId, origin, serve } from './front.ts'

const proxy = createProxyServer({ target: origin, agent, xfwd: true, secure: true })
proxy.on('error', (_error, _request, response) => void response.destroy())

serve((request, response) => {
  const requestId = newRequestId()
  logged(request, response, requestId)
  request.headers['x-request-id'] = requestId
  proxy.web(request, response)
})
