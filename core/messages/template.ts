import type { Channel } from './channel.ts'
import type { Language } from './language.ts'

/** What every message knows besides its own values: who it is for and who writes. */
type Common = { readonly name: string; readonly brand: string }
type Values<K extends string> = Readonly<Record<K, string>> & Common

/** A subject is fixed text: no value of anybody's ever stands in a header. */
type Words<K extends string> = { readonly subject: string; body(values: Values<K>): string[] }

/** A message in every language; `values` names what the caller has to give. */
export type Template<K extends string = string> = {
  readonly channel: Channel
  readonly values: readonly K[]
  readonly words: Readonly<Record<Language, Words<K>>>
  /** Goes to an address that nobody has shown to be theirs. It greets no name, or anybody could have words of theirs sent to anybody. */
  readonly unproven?: boolean
}

export function email<const K extends string>(values: readonly K[], words: Template<K>['words']): Template<K> {
  return { channel: 'email', values, words }
}

/** To an address that is to be shown to be somebody's. */
export function unprovenEmail<const K extends string>(values: readonly K[], words: Template<K>['words']): Template<K> {
  return { ...email(values, words), unproven: true }
}

/** A text message has no subject and stands alone. */
export function sms<const K extends string>(
  values: readonly K[],
  words: Readonly<Record<Language, (values: Values<K>) => string>>,
): Template<K> {
  const alone = (language: Language) => ({ subject: '', body: (of: Values<K>) => [words[language](of)] })
  return { channel: 'sms', values, words: { en: alone('en'), de: alone('de'), es: alone('es'), fr: alone('fr') } }
}

export type Rendered = { subject: string; text: string; html: string }

const valueLengthMax = 200

const openings: Record<Language, (name: string) => string> = {
  en: (name) => (name ? `Hello ${name},` : 'Hello,'),
  de: (name) => (name ? `Guten Tag ${name},` : 'Guten Tag,'),
  es: (name) => (name ? `Hola, ${name}:` : 'Hola:'),
  fr: (name) => (name ? `Bonjour ${name},` : 'Bonjour,'),
}

const endings: Record<Language, string> = {
  en: 'We never ask for your password, and our mails never contain links.',
  de: 'Wir fragen nie nach Ihrem Passwort, und unsere E-Mails enthalten nie Links.',
  es: 'Nunca le pedimos su contraseña y nuestros correos nunca contienen enlaces.',
  fr: 'Nous ne demandons jamais votre mot de passe et nos messages ne contiennent jamais de lien.',
}

/** A message as it is sent: plain text, and for a mail the same as simple HTML. Pure. */
export function render(
  template: Template,
  language: Language,
  values: Readonly<Record<string, string>>,
  { name, brand }: Common,
): Rendered {
  const clean = Object.fromEntries(template.values.map((key) => [key, plain(values[key] ?? '')]))
  const words = template.words[language]
  const common = { name: template.unproven ? '' : plain(name), brand: plain(brand) }
  const body = words.body({ ...clean, ...common })
  if (template.channel === 'sms') return { subject: '', text: body.join('\n'), html: '' }
  const parts = [openings[language](common.name), ...body, common.brand, endings[language]]
  return { subject: words.subject, text: `${parts.join('\n\n')}\n`, html: htmlOf(language, words.subject, parts) }
}

/** One line of visible text: control characters and those that turn writing around are gone, and it ends somewhere. */
export function plain(value: string): string {
  return value
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .trim()
    .slice(0, valueLengthMax)
}

function htmlOf(language: Language, subject: string, parts: string[]): string {
  const paragraphs = parts.map((part) => `<p>${escaped(part)}</p>`).join('\n')
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><title>${escaped(subject)}</title></head>
<body style="font:16px/1.5 sans-serif;color:#1c2430;max-width:36em">
${paragraphs}
</body></html>
`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
