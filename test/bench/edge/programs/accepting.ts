import cluster from 'node:cluster'
import { createServer, type Socket } from 'node:net'

/**
 * Two workers that take connections in one of three ways and say who they are. `turns`: the first process accepts and hands over; `shared`: both accept
 * from one queue; `reuse`: each has a queue of its own. A worker that is told to blocks, as one does that has too much to do.
 */
const [way, port] = process.argv.slice(2) as ['turns' | 'shared' | 'reuse', string]
const workers = 2
const blockedMs = 2000

if (cluster.isPrimary) {
  cluster.schedulingPolicy = way === 'turns' ? cluster.SCHED_RR : cluster.SCHED_NONE
  let listening = 0
  cluster.on('message', () => {
    if (++listening === workers)
      process.send!({ pids: Object.values(cluster.workers!).map((each) => each!.process.pid) })
  })
  for (let i = 0; i < workers; i++) cluster.fork()
  process.on('message', (pid: number) => {
    for (const worker of Object.values(cluster.workers!)) if (worker!.process.pid === pid) worker!.send('block')
  })
  process.on('disconnect', () => process.exit())
} else {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {})
    socket.write(`${process.pid}\n`)
  })
  const own = way === 'reuse' ? { exclusive: true, reusePort: true } : {}
  server.listen({ host: '127.0.0.1', port: Number(port), backlog: 4096, ...own }, () => process.send!('listens'))
  process.on('message', () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockedMs))
}
