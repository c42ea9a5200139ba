import { createProxyServer } from 'httpxy'
import { agent, logged, newRequestId, origin, serve } from './front.ts'

const proxy = createProxyServer({ target: origin, agent, xfwd: true, secure: true })

serve((request, response) => {
  const requestId = newRequestId()
  logged(request, response, requestId)
  request.headers['x-request-id'] = requestId
  proxy.web(request, response).catch(() => response.destroy())
})
