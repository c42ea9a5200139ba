import httpProxy from '@fastify/http-proxy'
import fastify from 'fastify'
import { frontTls, log, newRequestId, origin, poolOptions, port } from './front.ts'

const app = fastify({ https: frontTls, genReqId: newRequestId, keepAliveTimeout: 300_000 })
app.addHook('onResponse', async (request, reply) => {
  const { id: requestId, method, url: path } = request
  log.info({ requestId, method, path, status: reply.statusCode, ms: Math.round(reply.elapsedTime) })
})
await app.register(httpProxy, {
  upstream: origin,
  undici: poolOptions,
  replyOptions: {
    rewriteRequestHeaders: (request, headers) => ({
      ...headers,
      'x-request-id': request.id,
      'x-forwarded-for': request.ip,
    }),
  },
})
await app.listen({ port, host: '127.0.0.1', backlog: 4096 })
