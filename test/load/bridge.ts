import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads'

/** What a virtual user asks of the thread that can wait for the network. */
export type HttpRequest = { method: string; url: string; headers: Record<string, string>; body: string | undefined }
export type HttpAnswer = {
  status: number
  headers: Record<string, string | string[]>
  body: string
  durationMs: number
  error: string
}

/** One value of one metric; `ok` for rates. */
export type Sample = { metric: string; value: number }

export type VuData = {
  script: string
  environment: Record<string, string>
  port: MessagePort
  /** Becomes 1 when an answer lies in the port; the virtual user sleeps on it. */
  bell: Int32Array
}

const { port, bell } = workerData as VuData
const samples: Sample[] = []

/** Sends a request and blocks this thread until its answer is here, because k6's scripts are synchronous. */
export function ask(request: HttpRequest): HttpAnswer {
  Atomics.store(bell, 0, 0)
  port.postMessage(request)
  Atomics.wait(bell, 0, 0)
  return receiveMessageOnPort(port)?.message as HttpAnswer
}

export function pause(seconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000)
}

export function note(metric: string, value: number): void {
  samples.push({ metric, value })
}

/** What was noted since the last time. */
export function takeSamples(): Sample[] {
  return samples.splice(0)
}
