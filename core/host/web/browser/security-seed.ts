import { make } from './elements.ts'

const svg = 'http://www.w3.org/2000/svg'

/** What an authenticator app scans, and the same to be typed. */
export function seed({ secret, picture }: { secret: string; picture: { size: number; path: string } }): HTMLElement[] {
  const frame = document.createElementNS(svg, 'svg')
  frame.setAttribute('viewBox', `0 0 ${picture.size} ${picture.size}`)
  frame.setAttribute('role', 'img')
  frame.setAttribute('aria-label', 'A picture for your authenticator app')
  frame.setAttribute('shape-rendering', 'crispEdges')
  const path = document.createElementNS(svg, 'path')
  path.setAttribute('d', picture.path)
  frame.append(path)
  const figure = make('figure', {})
  figure.append(frame)
  const groups = secret.match(/.{1,4}/g)?.join(' ') ?? secret
  return [figure, make('p', { class: 'fine' }, 'Or type this into the app:'), make('code', {}, groups)]
}
