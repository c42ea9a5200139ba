import { make } from './elements.ts'

/** The casino did not answer: whether an act was done is not known. */
export class Lost extends Error {}

let waiting: Promise<void> | undefined

/** Says on the page that the casino is out of reach, and answers when it is back. */
export function reachable(): Promise<void> {
  waiting ??= wait().finally(() => {
    waiting = undefined
  })
  return waiting
}

addEventListener('offline', () => void reachable())

async function wait(): Promise<void> {
  const banner = make(
    'p',
    { class: 'reach', role: 'status' },
    'The casino cannot be reached at the moment. Trying again; nothing is done twice.',
  )
  document.body.append(banner)
  for (let pauseMs = 500; ; pauseMs = Math.min(5000, pauseMs * 1.5)) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    if (await answers()) break
  }
  banner.remove()
  document.dispatchEvent(new CustomEvent('changed')) // what happened meanwhile was not heard
}

async function answers(): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(5000)
    return (await fetch('/api/me', { cache: 'no-store', signal })).status < 500
  } catch {
    return false
  }
}
