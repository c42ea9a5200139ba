import type { Language } from '#messages'

/** A figure as a language writes it, with the decimals it came with: `1286.6` is 1.286,6 in German, `96.0519 %` is 96,0519 %. */
export function written(figure: string, language: Language): string {
  return figure.replace(/^\d+(?:\.(\d+))?/, (digits, decimals = '') =>
    new Intl.NumberFormat(language, {
      minimumFractionDigits: decimals.length,
      maximumFractionDigits: decimals.length,
    }).format(digits as `${number}`),
  )
}
