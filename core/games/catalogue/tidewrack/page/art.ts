import { circle, drawSymbol, path, type Shape, shade, shine } from '../../../../host/web/browser/art.ts'

/** What the tide leaves on the beach, each on a field of 100 by 100. */
const drawings: Record<string, Shape[]> = {
  trident: [
    circle(50, 50, 45, '#ffd8641f'),
    path('M46 40H54V96C54 99 46 99 46 96Z', '#b8862b'),
    path('M50 2L60 18H55V44H45V18H40Z', '#f3cf6b'),
    path('M18 12L28 26L24 27C22 42 30 50 45 50V58C24 58 14 44 16 28L11 28Z', '#f3cf6b'),
    path('M82 12L72 26L76 27C78 42 70 50 55 50V58C76 58 86 44 84 28L89 28Z', '#dcae44'),
    path('M38 50H62L58 62H42Z', '#8a5f1c'),
    circle(50, 55, 4, '#63d0c8'),
    path('M46 72H54M46 82H54', 'none', '#8a5f1c'),
    path('M48.5 6V40', 'none', '#fff3c4'),
  ],
  anchor: [
    circle(50, 14, 10, '#5f7686'),
    circle(50, 14, 5, '#1d3039'),
    path('M45 22H55V80H45Z', '#5f7686'),
    path('M26 32H74V41H26Z', '#5f7686'),
    circle(25, 36.5, 6, '#7d96a6'),
    circle(75, 36.5, 6, '#7d96a6'),
    path(
      'M4 58L24 56L18 68C24 78 36 84 50 84S76 78 82 68L76 56L96 58L92 78L87 73C78 88 64 97 50 97S22 88 13 73L8 78Z',
      '#5f7686',
    ),
    shade('M50 97C64 97 78 88 87 73L92 78L96 58L88 57C84 76 68 88 44 89Z'),
    path('M48 24V78', 'none', '#93acba'),
    path('M60 10C76 14 70 30 60 34C52 40 62 48 70 46', 'none', '#d9b47c'),
  ],
  conch: [
    path(
      'M84 8C92 14 90 26 82 34C94 48 88 76 62 86C46 94 24 96 10 90C24 86 26 76 24 64C22 44 40 26 60 24C70 22 78 16 84 8Z',
      '#e9a37c',
    ),
    path('M62 86C46 94 24 96 10 90C24 86 32 78 36 66C42 50 60 50 64 62C68 72 66 80 62 86Z', '#f7cfae'),
    path('M56 82C44 88 32 88 24 86C34 82 40 76 44 66C50 56 58 62 58 70C58 76 58 80 56 82Z', '#c9605a'),
    path('M62 26C70 32 78 36 82 34M50 28C60 40 74 48 88 52M40 36C48 46 58 50 68 54', 'none', '#b86e50'),
    path('M84 8L78 20M90 22L80 27', 'none', '#b86e50'),
    shine(44, 40, 4, 9, 40),
  ],
  starfish: [
    path(
      'M50 4C56 4 58 26 62 34C70 36 94 34 96 41C97 48 78 58 73 64C74 73 82 94 77 97C71 100 57 84 50 80C43 84 29 100 23 97C18 94 26 73 27 64C22 58 3 48 4 41C6 34 30 36 38 34C42 26 44 4 50 4Z',
      '#e2663f',
    ),
    path('M50 14V46M88 42L58 52M72 88L54 60M28 88L46 60M12 42L42 52', 'none', '#f59a63'),
    ...[
      [50, 22],
      [50, 34],
      [76, 46],
      [66, 50],
      [66, 78],
      [59, 68],
      [34, 78],
      [41, 68],
      [24, 46],
      [34, 50],
    ].map(([x = 0, y = 0]) => circle(x, y, 2.6, '#ffd2a8')),
    circle(50, 53, 6, '#ffd2a8'),
  ],
  crab: [
    path('M22 44C8 40 2 26 10 14C12 22 16 24 20 22C20 16 26 12 30 14C34 24 32 34 28 40Z', '#cf4436'),
    path('M78 44C92 40 98 26 90 14C88 22 84 24 80 22C80 16 74 12 70 14C66 24 68 34 72 40Z', '#cf4436'),
    path('M22 58L4 54M22 68L2 70M26 76L8 88M78 58L96 54M78 68L98 70M74 76L92 88', 'none', '#a8322a'),
    path('M50 36C76 36 86 52 82 66C78 82 64 88 50 88S22 82 18 66C14 52 24 36 50 36Z', '#e2553f'),
    shade('M50 88C64 88 78 82 82 66C84 60 82 54 79 49C78 70 58 80 28 80C34 86 42 88 50 88Z'),
    path('M40 38L36 24M60 38L64 24', 'none', '#a8322a'),
    circle(36, 22, 6.5, '#fff6e8'),
    circle(64, 22, 6.5, '#fff6e8'),
    circle(37, 22, 3, '#1d1512'),
    circle(63, 22, 3, '#1d1512'),
    path('M38 66Q50 74 62 66', 'none', '#7a1f1b'),
    circle(34, 56, 3, '#f58a6c'),
    circle(66, 56, 3, '#f58a6c'),
    circle(50, 48, 3, '#f58a6c'),
  ],
  kelp: [
    path('M48 98C40 80 60 70 48 52C38 36 60 26 50 4', 'none', '#2e6b46'),
    path('M48 84C30 86 18 78 14 64C32 62 46 70 48 84Z', '#4c9b5f'),
    path('M54 72C72 72 84 62 86 48C68 48 54 56 54 72Z', '#3b8451'),
    path('M46 56C28 56 16 46 14 30C32 32 46 40 46 56Z', '#5fb070'),
    path('M52 38C66 38 78 28 80 12C64 14 52 22 52 38Z', '#4c9b5f'),
    path('M50 20C42 18 36 10 38 2C46 4 52 10 50 20Z', '#5fb070'),
    circle(50, 88, 5, '#a9c95a'),
    circle(54, 66, 4.5, '#a9c95a'),
    circle(46, 46, 4.5, '#a9c95a'),
    circle(53, 28, 4, '#a9c95a'),
  ],
  pearl: [
    circle(50, 50, 46, '#dff3ff22'),
    circle(50, 50, 36, '#eceef8'),
    ['circle', { cx: 50, cy: 50, r: 36, fill: '#b5d6e8', opacity: 0.4 }],
    ['circle', { cx: 46, cy: 46, r: 27, fill: '#fdf4fb', opacity: 0.75 }],
    ['path', { d: 'M50 86A36 36 0 0 0 86 50C82 66 66 76 36 80C40 84 45 86 50 86Z', fill: '#7c8fb5', opacity: 0.5 }],
    ['ellipse', { cx: 38, cy: 34, rx: 11, ry: 8, fill: '#fff', transform: 'rotate(-35 38 34)' }],
    circle(62, 64, 3, '#fff'),
  ],
  chest: [
    path('M10 46C10 22 24 12 50 12S90 22 90 46Z', '#8a5a2c'),
    path('M10 46H90V86C90 90 86 92 82 92H18C14 92 10 90 10 86Z', '#6f4520'),
    shade('M90 46V86C90 90 86 92 82 92H40C66 86 78 70 80 46Z'),
    path(
      'M22 18C18 26 17 36 17 46V92H28V46C28 34 29 24 32 15ZM78 18C82 26 83 36 83 46V92H72V46C72 34 71 24 68 15Z',
      '#d9a93f',
    ),
    path('M8 44H92V54H8Z', '#d9a93f'),
    path('M40 40H60V60C60 66 40 66 40 60Z', '#f3cf6b'),
    circle(50, 51, 4, '#4a2d12'),
    path('M48.5 52H51.5L53 60H47Z', '#4a2d12'),
    path('M34 22H66M36 32H64M34 66H46M54 66H66M34 78H66', 'none', '#5a3717'),
  ],
}

export function symbol(name: string): SVGSVGElement {
  return drawSymbol(drawings, name)
}

/** What stands on the door of the game in the lobby. */
export function cover(): SVGSVGElement[] {
  return ['starfish', 'anchor', 'chest', 'pearl', 'crab'].map(symbol)
}
