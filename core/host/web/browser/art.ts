const space = 'http://www.w3.org/2000/svg'

/** One shape of a drawing on a field of 100 by 100. */
export type Shape = [tag: string, attributes: Record<string, string | number>]

export const circle = (cx: number, cy: number, r: number, fill: string): Shape => ['circle', { cx, cy, r, fill }]
export const path = (d: string, fill: string, stroke = 'none'): Shape => [
  'path',
  { d, fill, stroke, 'stroke-width': 3.5, 'stroke-linecap': 'round', 'stroke-linejoin': 'round' },
]
/** Where the light falls, and where it does not. */
export const shine = (cx: number, cy: number, rx: number, ry: number, turn = -30): Shape => [
  'ellipse',
  { cx, cy, rx, ry, fill: '#fff', opacity: 0.45, transform: `rotate(${turn} ${cx} ${cy})` },
]
export const shade = (d: string): Shape => ['path', { d, fill: '#000', opacity: 0.16 }]

/** Draws one of some drawings by its name, each on a field of 100 by 100. */
export function drawSymbol(drawings: Readonly<Record<string, readonly Shape[]>>, name: string): SVGSVGElement {
  const svg = draw('svg', { viewBox: '0 0 100 100', role: 'img', 'aria-label': name }) as SVGSVGElement
  for (const [tag, attributes] of drawings[name] ?? []) svg.append(draw(tag, attributes))
  return svg
}

export function draw(tag: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS(space, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
  return element
}
