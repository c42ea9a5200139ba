import { make } from './elements.ts'

/** Pixels each way: sharp where a symbol is 130 wide on a dense screen. */
const side = 256

/**
 * The same symbols as pixels: many that move at once are copied then, where shapes would be drawn one by one. Until the photographs are taken, and where none can
 * be, symbols are the drawings. They say nothing to a screen reader: what they stand on does.
 */
export function photographed(
  symbol: (name: string) => SVGSVGElement,
  names: Iterable<string>,
): (name: string) => Element {
  const taken = new Map<string, string>()
  for (const name of new Set(names))
    void photograph(symbol(name)).then(
      (url) => taken.set(name, url),
      () => {},
    )
  return (name) => {
    const src = taken.get(name)
    return src === undefined ? symbol(name) : make('img', { src, alt: '', draggable: 'false' })
  }
}

async function photograph(drawing: SVGSVGElement): Promise<string> {
  drawing.setAttribute('width', String(side))
  drawing.setAttribute('height', String(side))
  const image = new Image()
  image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(drawing))}`
  await image.decode()
  const canvas = document.createElement('canvas')
  canvas.width = side
  canvas.height = side
  canvas.getContext('2d')?.drawImage(image, 0, 0, side, side)
  return canvas.toDataURL()
}
