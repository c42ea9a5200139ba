const space = 'http://www.w3.org/2000/svg'

type Shape = [tag: string, attributes: Record<string, string | number>]

const circle = (cx: number, cy: number, r: number, fill: string): Shape => ['circle', { cx, cy, r, fill }]
const path = (d: string, fill: string, stroke = 'none'): Shape => [
  'path',
  { d, fill, stroke, 'stroke-width': 3.5, 'stroke-linecap': 'round', 'stroke-linejoin': 'round' },
]
/** Where the light falls, and where it does not. */
const shine = (cx: number, cy: number, rx: number, ry: number, turn = -30): Shape => [
  'ellipse',
  { cx, cy, rx, ry, fill: '#fff', opacity: 0.45, transform: `rotate(${turn} ${cx} ${cy})` },
]
const shade = (d: string): Shape => ['path', { d, fill: '#000', opacity: 0.16 }]

/** The house's own drawings, each on a field of 100 by 100. */
const drawings: Record<string, Shape[]> = {
  lantern: [
    circle(50, 54, 44, '#f6c45326'),
    circle(50, 54, 32, '#f6c45333'),
    path('M38 26C38 4 62 4 62 26', 'none', '#a8752c'),
    path('M34 32h32l7 44H27z', '#f2b33d'),
    path('M41 36h18l5 36H36z', '#fff3c4'),
    path('M50 44c7 9 8 13 8 17a8 8 0 0 1-16 0c0-4 1-8 8-17z', '#ef8a2b'),
    path('M50 54c3 4 4 6 4 8a4 4 0 0 1-8 0c0-2 1-4 4-8z', '#ffe08a'),
    path('M30 24h40l-4 10H34zM24 76h52l4 11H20z', '#a8752c'),
    path('M30 24h40l-1 3H31zM24 76h52l1 3H23z', '#d8a85a'),
  ],
  moon: [
    circle(50, 50, 45, '#e8ecff1c'),
    path('M62 12A40 40 0 1 0 88 66 33 33 0 0 1 62 12z', '#f3f0d8'),
    shade('M24 76A40 40 0 0 0 88 66 33 33 0 0 1 70 62C54 80 38 82 24 76z'),
    circle(32, 46, 5, '#d9d4b4'),
    circle(44, 66, 6.5, '#d9d4b4'),
    circle(38, 29, 3.5, '#d9d4b4'),
    path('M76 20l2.5 6.5L85 29l-6.5 2.5L76 38l-2.5-6.5L67 29l6.5-2.5z', '#fff7cf'),
  ],
  owl: [
    path('M18 46C18 6 82 6 82 46v18c0 34-64 34-64 0z', '#8c6fb5'),
    path('M20 14l20 16-18 12zM80 14L60 30l18 12z', '#6d5391'),
    path('M18 50c-8 14-4 28 8 34 4-12 2-24-8-34zM82 50c8 14 4 28-8 34-4-12-2-24 8-34z', '#5c4480'),
    path('M50 58c18 0 22 10 18 22-4 10-32 10-36 0-4-12 0-22 18-22z', '#c9b6e4'),
    path('M42 70l4 4 4-4 4 4 4-4M44 79l3 3 3-3 3 3 3-3', 'none', '#8c6fb5'),
    circle(36, 44, 16, '#fdf6e3'),
    circle(64, 44, 16, '#fdf6e3'),
    circle(37, 45, 9, '#e9a83a'),
    circle(63, 45, 9, '#e9a83a'),
    circle(37, 45, 5.5, '#2b1d3d'),
    circle(63, 45, 5.5, '#2b1d3d'),
    circle(39.5, 42, 2.2, '#fff'),
    circle(65.5, 42, 2.2, '#fff'),
    path('M50 50l6 9-6 7-6-7z', '#f2b33d'),
  ],
  fox: [
    path('M14 12l24 18h24l24-18-4 42-32 38-32-38z', '#e07a3f'),
    path('M20 21l13 12-11 14zM80 21L67 33l11 14z', '#5b2a17'),
    path('M50 92L20 56c12-4 20 0 26 14h8c6-14 14-18 26-14z', '#fdf6e3'),
    shade('M50 92l32-38 2-20C78 56 66 74 50 92z'),
    path('M32 48c4-4 9-3 11 2M68 48c-4-4-9-3-11 2', 'none', '#2a1710'),
    circle(38, 51, 3.6, '#2a1710'),
    circle(62, 51, 3.6, '#2a1710'),
    circle(50, 86, 6, '#2a1710'),
    circle(48, 84, 1.7, '#fff9'),
  ],
  moth: [
    path('M48 42C22 0-4 24 8 54c8 18 30 14 40-2zM52 42C78 0 104 24 92 54c-8 18-30 14-40-2z', '#86b394'),
    path('M46 58c-18 4-24 26-8 34 10 4 14-12 14-24zM54 58c18 4 24 26 8 34-10 4-14-12-14-24z', '#5d8770'),
    circle(26, 40, 9, '#d8ead9'),
    circle(74, 40, 9, '#d8ead9'),
    circle(26, 40, 4.5, '#3d5c4b'),
    circle(74, 40, 4.5, '#3d5c4b'),
    circle(38, 78, 3.5, '#d8ead9'),
    circle(62, 78, 3.5, '#d8ead9'),
    path('M50 32c5 0 6 8 6 24 0 14-3 24-6 24s-6-10-6-24c0-16 1-24 6-24z', '#3d4d45'),
    path('M47 32C44 22 38 18 32 18M53 32c3-10 9-14 15-14', 'none', '#3d4d45'),
  ],
  hare: [
    path('M36 48C22 12 32-4 44 10l6 32zM64 48C78 12 68-4 56 10l-6 32z', '#c4b08f'),
    path('M38 40C30 16 36 8 42 16l3 24zM62 40C70 16 64 8 58 16l-3 24z', '#e3b9a8'),
    path('M50 36c24 0 32 18 30 34-2 16-16 24-30 24S22 86 20 70c-2-16 6-34 30-34z', '#d6c6a9'),
    path('M50 66c12 0 18 8 16 16-2 8-10 10-16 10s-14-2-16-10c-2-8 4-16 16-16z', '#f1e8d6'),
    circle(36, 58, 5.5, '#3a2d1f'),
    circle(64, 58, 5.5, '#3a2d1f'),
    circle(38, 56, 1.8, '#fff'),
    circle(66, 56, 1.8, '#fff'),
    path('M45 70h10l-5 6z', '#b3675c'),
    path('M50 76v5M50 81c-3 4-7 4-9 1M50 81c3 4 7 4 9 1', 'none', '#8a6a50'),
  ],
  plum: [
    path('M50 26c0-10 6-16 10-20', 'none', '#6b4d26'),
    path('M54 20c6-14 22-16 30-10-4 12-18 16-30 10z', '#6fa35c'),
    path('M50 24c26-8 40 12 38 36-2 22-20 34-38 34S14 82 12 60c-2-24 12-44 38-36z', '#6a4fb0'),
    shade('M50 94c18 0 36-12 38-34 1-8 0-16-3-22C84 66 68 84 40 93z'),
    path('M50 26c-8 18-8 40-2 62', 'none', '#573f96'),
    shine(30, 46, 6, 12),
  ],
  pear: [
    path('M50 20c0-8 4-12 10-16', 'none', '#6b4d26'),
    path('M54 16c6-10 18-12 26-8-4 10-16 14-26 8z', '#6fa35c'),
    path('M50 16c14 0 14 16 18 28 16 16 14 50-18 50S16 60 32 44c4-12 4-28 18-28z', '#b8c452'),
    shade('M50 94c32 0 34-34 18-50l-3-9c2 26-6 48-27 57 4 1 8 2 12 2z'),
    circle(58, 70, 1.6, '#7f8b2f'),
    circle(50, 80, 1.6, '#7f8b2f'),
    circle(64, 60, 1.6, '#7f8b2f'),
    shine(34, 62, 5.5, 12, 14),
  ],
  apple: [
    path('M50 28c0-10 5-16 12-20', 'none', '#6b4d26'),
    path('M54 22c6-12 20-14 28-8-4 11-17 15-28 8z', '#6fa35c'),
    path('M50 30c16-14 42-6 40 26-2 22-18 38-30 36-7-2-13-2-20 0C28 94 12 78 10 56 8 24 34 16 50 30z', '#c8484d'),
    shade('M60 92c12 2 28-14 30-36 0-6 0-12-2-16C84 68 66 84 44 91c5-1 10 0 16 1z'),
    path('M42 33c4 3 12 3 16 0', 'none', '#8f2c33'),
    shine(27, 50, 6, 13),
  ],
  cherry: [
    path('M32 56C36 34 48 20 66 10c-2 18 0 28 4 42', 'none', '#5e8a4b'),
    path('M64 12c8-10 22-8 28 0-8 8-20 8-28 0z', '#6fa35c'),
    circle(31, 72, 21, '#b5274a'),
    circle(70, 67, 21, '#d23a5b'),
    shade(
      'M31 93a21 21 0 0 0 20-27c-2 12-12 21-27 26 2 1 5 1 7 1zM70 88a21 21 0 0 0 20-27c-2 12-12 21-27 26 2 1 5 1 7 1z',
    ),
    shine(23, 64, 4, 7),
    shine(62, 59, 4, 7),
  ],
  wheel: [
    circle(50, 50, 48, '#3c2413'),
    circle(50, 50, 43, '#c99e52'),
    ...Array.from({ length: 37 }, (_, index): Shape => {
      const at = (side: number) => {
        const radians = ((index + side) / 37) * 2 * Math.PI
        return `${(50 + Math.sin(radians) * 41.5).toFixed(2)} ${(50 - Math.cos(radians) * 41.5).toFixed(2)}`
      }
      return path(`M50 50L${at(-0.46)}L${at(0.46)}z`, index === 0 ? '#1f7a55' : index % 2 ? '#b3303a' : '#15171d')
    }),
    circle(50, 50, 26, '#c99e52'),
    circle(50, 50, 25, '#4d2f18'),
    circle(50, 50, 18, '#6b4423'),
    path('M50 34v32M34 50h32', 'none', '#cfa557'),
    circle(50, 50, 5.5, '#f3dca4'),
    circle(70, 25, 3.2, '#fffdf6'),
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
