/** The languages every template speaks. */
export const languages = ['en', 'de', 'es', 'fr'] as const
export type Language = (typeof languages)[number]

export function isLanguage(name: string): name is Language {
  return (languages as readonly string[]).includes(name)
}

/**
 * The language somebody reads best of those we write, by what their browser says (RFC 9110, 12.5.4: ranges with weights);
 * `otherwise` when it says nothing of use.
 */
export function preferredLanguage(acceptLanguage: string | undefined, otherwise: Language): Language {
  const wishes = (acceptLanguage ?? '')
    .slice(0, 400)
    .split(',')
    .map((wish) => /^\s*([a-z]{2,3})(?:-[a-z0-9-]*)?\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?\s*$/i.exec(wish))
    .flatMap((wish) => (wish ? [{ name: wish[1]!.toLowerCase(), weight: Number(wish[2] ?? 1) }] : []))
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight)
  return wishes.map(({ name }) => name).find(isLanguage) ?? otherwise
}
