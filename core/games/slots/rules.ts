import type { Language } from '#messages'
import { written } from '../written.ts'

/** What a slot's sheet tells of its returns: percent, times the stake, and `oneIn` paid spins. Only what the slot has is there. */
export type ReturnsTold = {
  rtp: string
  /** Shares of the stake that return by each way. */
  lines?: string
  ways?: string
  scatters?: string
  freeSpins?: string
  hold?: string
  pick?: string
  /** That a paid spin pays or brings a feature, and each feature's chance. */
  hitChance: string
  featureChance?: string
  holdChance?: string
  pickChance?: string
  /** Standard deviation of a round's return, in stakes. */
  deviation: string
  awards: ReadonlyArray<{ of: 'line' | 'spin' | 'hold' | 'pick'; times: string; oneIn: string }>
}

export type Rules = Record<Language, string[]>

/** What every slot says at the end: how its return was found, how long its odds are [GLI-4.7.3], and what becomes of a round that is cut off. */
export const closing: Record<Language, (told: ReturnsTold) => string[]> = {
  en: (told) => [
    `The theoretical return to the player is ${written(told.rtp, 'en')}, computed by enumerating every position of the reels: ${sharesOf(told, 'en')}. It is the same at every stake, and no choice of the player changes it.`,
    `One paid spin in ${oneIn(told.hitChance, 'en')} pays something or brings a feature. ${awardsOf(told, 'en')}`,
    'Every outcome is drawn and settled by the server before you see it. If the connection is lost, the round is completed all the same; you find it in your history.',
  ],
  de: (told) => [
    `Die theoretische Auszahlungsquote beträgt ${written(told.rtp, 'de')}, berechnet durch Aufzählen aller Stellungen der Walzen: ${sharesOf(told, 'de')}. Sie ist bei jedem Einsatz gleich, und keine Wahl des Spielers ändert sie.`,
    `Eine von ${oneIn(told.hitChance, 'de')} bezahlten Drehungen zahlt etwas oder bringt eine Sonderfunktion. ${awardsOf(told, 'de')}`,
    'Jedes Ergebnis wird vom Server gezogen und abgerechnet, bevor Sie es sehen. Geht die Verbindung verloren, wird die Runde trotzdem zu Ende gespielt; Sie finden sie in Ihrem Verlauf.',
  ],
  es: (told) => [
    `El retorno teórico al jugador es del ${written(told.rtp, 'es')}, calculado enumerando todas las posiciones de los rodillos: ${sharesOf(told, 'es')}. Es el mismo con cualquier apuesta y ninguna elección del jugador lo cambia.`,
    `Una de cada ${oneIn(told.hitChance, 'es')} tiradas pagadas da un premio o una función especial. ${awardsOf(told, 'es')}`,
    'El servidor sortea y liquida cada resultado antes de que lo vea. Si se pierde la conexión, la partida se completa igualmente; la encontrará en su historial.',
  ],
  fr: (told) => [
    `Le taux de retour théorique au joueur est de ${written(told.rtp, 'fr')}, calculé en énumérant toutes les positions des rouleaux : ${sharesOf(told, 'fr')}. Il est le même quelle que soit la mise, et aucun choix du joueur ne le change.`,
    `Un tour payé sur ${oneIn(told.hitChance, 'fr')} rapporte un gain ou une fonction spéciale. ${awardsOf(told, 'fr')}`,
    'Chaque résultat est tiré et réglé par le serveur avant que vous ne le voyiez. Si la connexion est perdue, la partie est terminée malgré tout ; vous la trouverez dans votre historique.',
  ],
}

const names = {
  en: {
    lines: 'lines',
    ways: 'ways',
    scatters: 'scatters',
    freeSpins: 'free spins',
    hold: 'hold and spin',
    pick: 'boxes',
  },
  de: {
    lines: 'Linien',
    ways: 'Wege',
    scatters: 'Scatter',
    freeSpins: 'Freispiele',
    hold: 'Halten und Drehen',
    pick: 'Truhen',
  },
  es: {
    lines: 'líneas',
    ways: 'formas',
    scatters: 'scatters',
    freeSpins: 'tiradas gratis',
    hold: 'retener y girar',
    pick: 'cofres',
  },
  fr: {
    lines: 'lignes',
    ways: 'chemins',
    scatters: 'scatters',
    freeSpins: 'tours gratuits',
    hold: 'garder et tourner',
    pick: 'coffres',
  },
} as const

const awardWords: Record<
  Language,
  Record<ReturnsTold['awards'][number]['of'], (times: string, oneIn: string) => string>
> = {
  en: {
    line: (times, n) =>
      `The highest pay of a line, ${times} times the stake, comes on a given line once in ${n} spins.`,
    spin: (times, n) => `The most one paid spin pays by itself is ${times} times the stake, once in ${n}.`,
    hold: (times, n) => `A full screen, which adds ${times} times the stake, comes once in ${n} spins.`,
    pick: (times, n) => `All prizes of the boxes, ${times} times the stake, come once in ${n} spins.`,
  },
  de: {
    line: (times, n) =>
      `Der höchste Gewinn einer Linie, das ${times}-Fache des Einsatzes, kommt auf einer bestimmten Linie einmal in ${n} Drehungen.`,
    spin: (times, n) =>
      `Höchstens zahlt eine bezahlte Drehung für sich das ${times}-Fache des Einsatzes, einmal in ${n}.`,
    hold: (times, n) =>
      `Ein volles Feld, das zusätzlich das ${times}-Fache des Einsatzes zahlt, kommt einmal in ${n} Drehungen.`,
    pick: (times, n) => `Alle Preise der Truhen, das ${times}-Fache des Einsatzes, kommen einmal in ${n} Drehungen.`,
  },
  es: {
    line: (times, n) =>
      `El premio más alto de una línea, ${times} veces la apuesta, sale en una línea dada una vez cada ${n} tiradas.`,
    spin: (times, n) =>
      `Lo máximo que paga por sí sola una tirada pagada es ${times} veces la apuesta, una vez cada ${n}.`,
    hold: (times, n) => `Una pantalla completa, que añade ${times} veces la apuesta, sale una vez cada ${n} tiradas.`,
    pick: (times, n) => `Todos los premios de los cofres, ${times} veces la apuesta, salen una vez cada ${n} tiradas.`,
  },
  fr: {
    line: (times, n) =>
      `Le gain le plus élevé d’une ligne, ${times} fois la mise, tombe sur une ligne donnée une fois sur ${n} tours.`,
    spin: (times, n) => `Un tour payé rapporte à lui seul au plus ${times} fois la mise, une fois sur ${n}.`,
    hold: (times, n) => `Un écran complet, qui ajoute ${times} fois la mise, tombe une fois sur ${n} tours.`,
    pick: (times, n) => `Tous les prix des coffres, ${times} fois la mise, tombent une fois sur ${n} tours.`,
  },
}

function sharesOf(told: ReturnsTold, language: Language): string {
  return (Object.keys(names[language]) as Array<keyof (typeof names)['en']>)
    .flatMap((key) => (told[key] === undefined ? [] : [`${names[language][key]} ${written(told[key], language)}`]))
    .join(', ')
}

function awardsOf({ awards }: ReturnsTold, language: Language): string {
  return awards
    .map(({ of, times, oneIn }) => awardWords[language][of](written(times, language), written(oneIn, language)))
    .join(' ')
}

function oneIn(percent: string, language: Language): string {
  return written((100 / Number.parseFloat(percent)).toFixed(1), language)
}
