/** Calls the API of this origin. A problem is thrown with its words; an act keeps its key across repeats. */
export class Problem extends Error {
  readonly code: string
  readonly status: number
  constructor(problem: { detail?: string; title?: string; code?: string }, status: number) {
    super(problem.detail ?? problem.title ?? 'Something went wrong.')
    this.code = problem.code ?? ''
    this.status = status
  }
}

export async function get<T>(path: string): Promise<T> {
  return answer<T>(await fetch(path))
}

/** Sends an act. When its outcome is not known it is sent again with the same key, which tells. */
export async function send<T>(path: string, body: unknown, method = 'POST'): Promise<T> {
  const key = crypto.randomUUID()
  for (let attempt = 1; ; attempt++) {
    try {
      const headers = { 'content-type': 'application/json', 'idempotency-key': key }
      return await answer<T>(
        await fetch(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }),
      )
    } catch (error) {
      const unknown = error instanceof TypeError || (error instanceof Problem && error.status === 503)
      if (!unknown || attempt === 4) throw error
      await new Promise((resolve) => setTimeout(resolve, 400 * attempt))
    }
  }
}

async function answer<T>(response: Response): Promise<T> {
  const body = (await response.json().catch(() => ({}))) as T
  if (!response.ok) throw new Problem(body as object, response.status)
  return body
}

/** Makes an element: text is text, never markup. */
export function make(
  tag: string,
  attributes: Record<string, string> = {},
  ...children: Array<Node | string>
): HTMLElement {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

export function byId(id: string): HTMLElement {
  const element = document.getElementById(id)
  if (!element) throw new Error(`no #${id}`)
  return element
}

export type Money = { amount: string; currency: string }

export function show({ amount, currency }: Money): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).format(Number(amount))
}
