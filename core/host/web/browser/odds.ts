import { make } from './elements.ts'

/** What a choice is worth, told before it is played: a few names, each with a value. */
export function drawOdds<Name extends string>(names: Readonly<Record<Name, string>>) {
  const values = new Map<Name, HTMLElement>()
  const element = make('dl', { class: 'odds' })
  for (const [name, words] of Object.entries<string>(names)) {
    const value = make('dd', { 'data-odds': name })
    values.set(name as Name, value)
    element.append(make('div', {}, make('dt', {}, words), value))
  }
  return {
    element,
    tell(words: Readonly<Record<Name, string>>): void {
      for (const [name, value] of values) value.textContent = words[name]
    },
  }
}

/** `49.5 %` of a share; of a small one as many digits as tell it apart from nothing. */
export function percent(share: number): string {
  return `${new Intl.NumberFormat('en', { maximumSignificantDigits: 4 }).format(share * 100)} %`
}

/** Hundredths of a stake as they are said: `2×`, `1.98×`, `1,000×`. */
export function times(hundredths: number): string {
  return `${new Intl.NumberFormat('en', { maximumFractionDigits: 2 }).format(hundredths / 100)}×`
}
