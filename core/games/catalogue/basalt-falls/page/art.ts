import { circle, drawSymbol, path, type Shape, shade, shine } from '../../../../host/web/browser/art.ts'

/** A cut stone seen from above: an outline, a table, and facets between them in lighter and darker tones. */
function gem(tones: readonly [light: string, middle: string, dark: string, table: string]): Shape[] {
  const [light, middle, dark, table] = tones
  return [
    path('M50 6L84 24L94 60L70 92H30L6 60L16 24Z', dark),
    path('M50 6L16 24L34 36L50 30Z', light),
    path('M50 6L84 24L66 36L50 30Z', middle),
    path('M16 24L6 60L28 62L34 36Z', middle),
    path('M84 24L94 60L72 62L66 36Z', dark),
    path('M6 60L30 92L40 76L28 62Z', dark),
    path('M30 92H70L60 76H40Z', middle),
    path('M50 30L66 36L72 62L60 76H40L28 62L34 36Z', table),
    shine(42, 44, 5, 10),
  ]
}

/** What lives, grows and lies around the vent, each on a field of 100 by 100. */
const drawings: Record<string, Shape[]> = {
  phoenix: [
    path('M50 30C30 2 8 8 4 20C18 22 12 30 8 38C24 34 22 44 18 52C34 46 40 56 44 66Z', '#e8622c'),
    path('M50 30C70 2 92 8 96 20C82 22 88 30 92 38C76 34 78 44 82 52C66 46 60 56 56 66Z', '#e8622c'),
    path('M48 34C34 14 20 14 14 20C26 24 24 30 22 34C34 34 34 42 32 46C42 44 44 54 46 62Z', '#ffb347'),
    path('M52 34C66 14 80 14 86 20C74 24 76 30 78 34C66 34 66 42 68 46C58 44 56 54 54 62Z', '#ffb347'),
    path(
      'M50 56C38 70 34 84 26 96C38 90 42 92 46 84C46 92 50 94 50 98C50 94 54 92 54 84C58 92 62 90 74 96C66 84 62 70 50 56Z',
      '#d8431f',
    ),
    path('M50 62C44 74 42 82 38 90C46 86 48 84 50 90C52 84 54 86 62 90C58 82 56 74 50 62Z', '#ffcf5c'),
    path('M50 20C60 20 62 32 60 44C58 60 54 68 50 70C46 68 42 60 40 44C38 32 40 20 50 20Z', '#f7863b'),
    path('M50 40C55 40 56 50 50 62C44 50 45 40 50 40Z', '#ffe2a0'),
    path('M44 20C40 10 46 8 47 3C51 8 54 4 56 8C58 14 58 16 56 20Z', '#ffcf5c'),
    circle(50, 25, 9.5, '#f7863b'),
    circle(46.5, 24, 2.1, '#30120a'),
    circle(53.5, 24, 2.1, '#30120a'),
    path('M47 29H53L50 36Z', '#ffe2a0'),
  ],
  salamander: [
    path(
      'M58 12C78 10 92 26 84 44C78 58 52 52 44 64C38 74 52 84 66 78C74 74 76 66 72 60C86 66 82 88 62 92C38 96 20 80 28 58C34 42 60 44 64 36C66 30 58 28 52 30Z',
      '#43575f',
    ),
    path('M30 34L14 26M34 42L16 46M70 30L86 22M40 72L22 76M70 50L88 58', 'none', '#43575f'),
    path('M48 30C40 32 30 28 30 20C30 10 42 6 52 8C60 10 62 24 56 28Z', '#43575f'),
    circle(66, 20, 4.2, '#ff9d2e'),
    circle(76, 32, 4.8, '#ff9d2e'),
    circle(66, 46, 4.6, '#ff9d2e'),
    circle(48, 53, 4.2, '#ff9d2e'),
    circle(36, 66, 4.6, '#ff9d2e'),
    circle(44, 82, 4.2, '#ff9d2e'),
    circle(60, 86, 3.4, '#ff9d2e'),
    circle(38, 16, 4, '#ffd36b'),
    circle(38, 16, 1.8, '#1a0d05'),
    circle(49, 14, 4, '#ffd36b'),
    circle(49, 14, 1.8, '#1a0d05'),
    path('M34 25Q43 30 52 24', 'none', '#ff9d2e'),
  ],
  amethyst: gem(['#d9b8ff', '#a86fe6', '#6a35a8', '#bf8ff5']),
  opal: gem(['#ffffff', '#a8e8e0', '#5fa8c4', '#ffe3f1']),
  fern: [
    path('M50 96C48 70 52 40 60 10', 'none', '#2d6b34'),
    ...[0, 1, 2, 3, 4].map((step): Shape => {
      const y = 82 - step * 15
      const wide = 36 - step * 5.5
      return path(
        `M${50 + step * 1.6} ${y}C${40 - wide / 2} ${y - 2} ${46 - wide} ${y - 14} ${44 - wide} ${y - 22}C${56 - wide / 2} ${y - 20} ${50 + step} ${y - 10} ${50 + step * 1.6} ${y}Z`,
        step % 2 ? '#58b356' : '#479b48',
      )
    }),
    ...[0, 1, 2, 3, 4].map((step): Shape => {
      const y = 80 - step * 15
      const wide = 36 - step * 5.5
      return path(
        `M${51 + step * 1.8} ${y}C${64 + wide / 2} ${y - 2} ${58 + wide} ${y - 14} ${60 + wide} ${y - 22}C${48 + wide / 2} ${y - 20} ${54 + step} ${y - 10} ${51 + step * 1.8} ${y}Z`,
        step % 2 ? '#479b48' : '#3a8540',
      )
    }),
    circle(61, 11, 5, '#8fd670'),
  ],
  moss: [
    path('M4 84C4 58 20 48 34 50C38 30 62 28 68 46C86 42 98 60 96 84C80 94 20 94 4 84Z', '#5d8f2f'),
    path('M10 80C12 62 24 56 36 58C42 42 58 40 64 54C80 52 90 64 90 80C74 86 26 86 10 80Z', '#86bb3f'),
    circle(24, 70, 5, '#b3dd5c'),
    circle(42, 60, 6, '#b3dd5c'),
    circle(60, 66, 5, '#b3dd5c'),
    circle(76, 68, 5.5, '#b3dd5c'),
    circle(50, 76, 4.5, '#b3dd5c'),
    path('M34 50V30M50 40V18M66 46V28', 'none', '#5d8f2f'),
    circle(34, 28, 5, '#e8c24a'),
    circle(50, 16, 5.5, '#e8c24a'),
    circle(66, 26, 5, '#e8c24a'),
  ],
  pumice: [
    path('M12 62C8 40 24 20 46 18C70 14 92 32 92 54C94 76 74 90 50 88C30 90 14 80 12 62Z', '#c9bcae'),
    shade('M50 88C74 90 94 76 92 54C92 48 90 43 88 39C86 62 66 78 28 82C34 87 42 89 50 88Z'),
    circle(36, 40, 7, '#9c8c7d'),
    circle(60, 34, 5, '#9c8c7d'),
    circle(52, 56, 8, '#9c8c7d'),
    circle(74, 54, 5.5, '#9c8c7d'),
    circle(28, 62, 5, '#9c8c7d'),
    circle(66, 74, 5, '#8d7d6f'),
    circle(44, 76, 4, '#8d7d6f'),
    circle(37, 42, 4.5, '#7d6d60'),
    circle(53, 58, 5.5, '#7d6d60'),
  ],
  ash: [
    circle(34, 44, 20, '#7d8088'),
    circle(60, 34, 24, '#8d9098'),
    circle(74, 54, 17, '#777a82'),
    circle(46, 58, 22, '#9a9da5'),
    circle(24, 60, 13, '#8d9098'),
    shade('M14 66A13 13 0 0 0 30 71A22 22 0 0 0 66 68A17 17 0 0 0 90 56C92 76 60 84 44 80C30 82 16 78 14 66Z'),
    path('M30 86v6M46 88v8M62 84v6M74 78v5', 'none', '#6b6e76'),
    circle(54, 26, 6, '#b3b6bd'),
    circle(40, 52, 5, '#b8bbc2'),
  ],
  magma: [
    circle(50, 50, 46, '#ff6a1f33'),
    path('M50 4C62 22 90 30 92 56C94 82 72 96 50 96S6 82 8 56C10 34 40 28 50 4Z', '#c9271a'),
    path('M50 20C58 36 80 40 80 60C82 80 66 90 50 90S18 80 20 60C20 44 44 40 50 20Z', '#f2601f'),
    path('M50 40C54 50 68 54 67 68C66 80 58 85 50 85S34 80 33 68C32 56 46 52 50 40Z', '#ffb238'),
    path('M50 58C52 64 58 66 57 73C56 78 53 80 50 80S44 78 43 73C42 66 48 64 50 58Z', '#fff0b0'),
    shine(30, 54, 4, 10, 20),
  ],
  crater: [
    path('M30 20C24 12 32 2 42 6C46 0 58 0 62 6C74 4 76 16 68 20Z', '#8d9098'),
    path('M42 30L38 14M50 30V8M58 30L62 14', 'none', '#ffb238'),
    path('M4 94C18 84 26 56 34 34H66C74 56 82 84 96 94Z', '#4a3b40'),
    path(
      'M34 34H66C68 40 70 46 72 50C64 56 60 46 54 56C48 64 44 48 38 58C34 62 30 54 28 52C30 46 32 40 34 34Z',
      '#f2601f',
    ),
    path('M38 36H62C63 40 64 42 65 45C60 48 58 42 53 48C48 54 44 42 39 48C37 46 36 44 36 42Z', '#ffcf5c'),
    shade('M66 34C74 56 82 84 96 94H60C66 76 68 54 66 34Z'),
    path('M44 66C42 78 46 84 42 94M58 62C60 74 56 80 60 94', 'none', '#d8431f'),
    ['ellipse', { cx: 50, cy: 34, rx: 16, ry: 4.5, fill: '#fff0b0' }],
  ],
}

export function symbol(name: string): SVGSVGElement {
  return drawSymbol(drawings, name)
}

/** What stands on the door of the game in the lobby. */
export function cover(): SVGSVGElement[] {
  return ['opal', 'salamander', 'phoenix', 'crater', 'amethyst'].map(symbol)
}
