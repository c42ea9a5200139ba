const space = 'http://www.w3.org/2000/svg'

type Shape = [tag: string, attributes: Record<string, string | number>]

const circle = (cx: number, cy: number, r: number, fill: string): Shape => ['circle', { cx, cy, r, fill }]
const path = (d: string, fill: string, stroke = 'none'): Shape => [
  'path',
  { d, fill, stroke, 'stroke-width': 3, 'stroke-linecap': 'round' },
]

/** The house's own drawings, each on a field of 100 by 100. */
const drawings: Record<string, Shape[]> = {
  lantern: [
    circle(50, 54, 40, '#f6c45322'),
    path('M36 30h28l6 44H30z', '#f2b33d'),
    path('M42 38h16l3 30H39z', '#fff3c4'),
    path('M32 24h36v8H32zM28 74h44v9H28z', '#8a5a1c'),
    path('M40 24c0-14 20-14 20 0', 'none', '#8a5a1c'),
  ],
  moon: [
    circle(50, 50, 34, '#e8ecff'),
    circle(62, 42, 28, '#1b2140'),
    circle(30, 62, 4, '#c3cbee'),
    circle(38, 36, 3, '#c3cbee'),
  ],
  owl: [
    path('M22 40c0-34 56-34 56 0v24c0 28-56 28-56 0z', '#8c6fb5'),
    path('M24 22l16 12-14 6zM76 22L60 34l14 6z', '#6d5391'),
    circle(38, 46, 13, '#fdf6e3'),
    circle(62, 46, 13, '#fdf6e3'),
    circle(39, 47, 6, '#2b1d3d'),
    circle(61, 47, 6, '#2b1d3d'),
    path('M50 52l5 9h-10z', '#f2b33d'),
  ],
  fox: [
    path('M20 20l18 14h24l18-14-4 34-26 32-26-32z', '#e07a3f'),
    path('M50 86L30 56l20 6 20-6z', '#fdf6e3'),
    circle(40, 50, 4, '#2a1710'),
    circle(60, 50, 4, '#2a1710'),
    circle(50, 82, 5, '#2a1710'),
  ],
  moth: [
    path('M48 40C20 8 4 30 14 54c6 14 24 12 34 2zM52 40c28-32 44-10 34 14-6 14-24 12-34 2z', '#7fa88c'),
    path('M46 58c-14 4-20 22-8 28 8 3 12-10 12-20zM54 58c14 4 20 22 8 28-8 3-12-10-12-20z', '#5d8770'),
    path('M47 34h6v40h-6z', '#3d4d45'),
    circle(28, 42, 5, '#d8ead9'),
    circle(72, 42, 5, '#d8ead9'),
  ],
  hare: [
    path('M34 44C24 14 34 4 42 14l6 26zM66 44C76 14 66 4 58 14l-6 26z', '#b9a58b'),
    circle(50, 60, 27, '#cdbb9f'),
    circle(40, 56, 4, '#3a2d1f'),
    circle(60, 56, 4, '#3a2d1f'),
    path('M46 68h8l-4 6z', '#a5685c'),
  ],
  plum: [
    circle(50, 56, 31, '#6a4fb0'),
    circle(40, 46, 8, '#8f78cf'),
    path('M50 26c0-8 8-14 16-14-2 8-8 14-16 14z', '#6fa35c'),
  ],
  pear: [
    path('M50 18c12 0 12 16 16 26 12 14 10 42-16 42S22 58 34 44c4-10 4-26 16-26z', '#b8c452'),
    path('M50 20c0-8 4-12 10-14', 'none', '#6b4d26'),
  ],
  apple: [
    path('M50 32c14-12 36-4 34 22-2 20-16 34-26 32-6-2-10-2-16 0-10 2-24-12-26-32-2-26 20-34 34-22z', '#c8484d'),
    path('M50 32c0-10 6-16 14-18', 'none', '#6b4d26'),
  ],
  cherry: [
    circle(34, 70, 17, '#b5274a'),
    circle(66, 66, 17, '#d23a5b'),
    path('M34 54C38 34 48 24 62 16c0 16 2 24 4 34', 'none', '#5e8a4b'),
  ],
  wheel: [
    circle(50, 50, 44, '#5b3a1e'),
    circle(50, 50, 37, '#15392e'),
    circle(50, 50, 20, '#b48a4a'),
    circle(50, 50, 6, '#5b3a1e'),
    circle(74, 28, 5, '#fdf6e3'),
  ],
}

export function symbol(name: string): SVGSVGElement {
  const svg = draw('svg', { viewBox: '0 0 100 100', role: 'img', 'aria-label': name }) as SVGSVGElement
  for (const [tag, attributes] of drawings[name] ?? []) svg.append(draw(tag, attributes))
  return svg
}

export function draw(tag: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS(space, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
  return element
}
