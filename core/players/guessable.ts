const wordLengthMin = 4
const restLengthMin = 8

/** What fingers do along a keyboard or the alphabet; round and round, either way. */
const runs = [
  'abcdefghijklmnopqrstuvwxyz',
  '0123456789',
  '1234567890',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
  'azertyuiopqsdfghjklmwxcvbn',
]

/**
 * Is this among what is tried first? A common password, one repeated, or a word about the person or the casino with less than
 * eight characters besides. Compared in one spelling of Unicode and case, since guessers do so too.
 */
export async function isGuessable(password: string, words: readonly string[]): Promise<boolean> {
  const folded = fold(password)
  const common = await commonPasswords()
  if (common.has(folded) || isRepeated(folded, common) || isRun(folded)) return true
  const known = words.map(fold).filter((word) => word.length >= wordLengthMin)
  const rest = known
    .sort((one, other) => other.length - one.length)
    .reduce((text, word) => text.replaceAll(word, ''), folded)
  return rest !== folded && rest.length < restLengthMin
}

/** Is it one letter or digit over and over, or one piece that is common as it is, or some times over? */
function isRepeated(text: string, common: ReadonlySet<string>): boolean {
  if (/^([\p{L}\p{N}])\1+$/u.test(text)) return true
  for (let length = 1; length <= text.length / 2; length++) {
    const unit = text.slice(0, length)
    if (unit.repeat(Math.ceil(text.length / length)).slice(0, text.length) !== text) continue
    for (let times = 1; times * length <= text.length; times++) if (common.has(unit.repeat(times))) return true
  }
  return false
}

function isRun(text: string): boolean {
  const backwards = [...text].reverse().join('')
  const around = runs.map((run) => run.repeat(Math.ceil(text.length / run.length) + 1))
  return around.some((run) => run.includes(text) || run.includes(backwards))
}

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}

let loading: Promise<ReadonlySet<string>> | undefined

/** Loaded when first asked for: most processes never judge a password. */
function commonPasswords(): Promise<ReadonlySet<string>> {
  loading ??= import('@zxcvbn-ts/language-common').then(
    ({ dictionary }) => new Set(dictionary['passwords-common'].map(fold)),
  )
  return loading
}
