import type { Game } from '../../game.ts'
import type { Roulette } from './index.ts'

/** The rules of a wheel as players read them, with what every bet returns. */
export function rulesOf({ wheel, halfBackOnZero }: Pick<Roulette, 'wheel' | 'halfBackOnZero'>): Game['rules'] {
  const n = wheel.length
  const rows = wheel.length === 38 ? twoZeros : halfBackOnZero ? partage : oneZero
  return {
    en: [
      `Place chips on the table, then spin. The ball falls into one of ${n} pockets, each equally likely.`,
      'A bet on n numbers pays 36/n - 1 to 1: straight 35, split 17, street 11, corner 8, six line 5, dozen and column 2, even chances 1.',
      ...rows.en,
      'A round that was interrupted is settled by the server; you find it in your history.',
    ],
    de: [
      `Setzen Sie Chips und drehen Sie. Die Kugel fällt in eines von ${n} Fächern, jedes gleich wahrscheinlich.`,
      'Ein Einsatz auf n Zahlen zahlt 36/n - 1 zu 1: Plein 35, Cheval 17, Transversale 11, Carré 8, Sechserreihe 5, Dutzend und Kolonne 2, einfache Chancen 1.',
      ...rows.de,
      'Eine unterbrochene Runde rechnet der Server ab; Sie finden sie in Ihrem Verlauf.',
    ],
    es: [
      `Coloque fichas y gire. La bola cae en una de ${n} casillas, todas igual de probables.`,
      'Una apuesta a n números paga 36/n - 1 a 1: pleno 35, caballo 17, transversal 11, cuadro 8, seisena 5, docena y columna 2, suertes sencillas 1.',
      ...rows.es,
      'Una ronda interrumpida la liquida el servidor; la encuentra en su historial.',
    ],
    fr: [
      `Placez des jetons puis lancez. La bille tombe dans l’une des ${n} cases, toutes également probables.`,
      'Une mise sur n numéros paie 36/n - 1 contre 1 : plein 35, cheval 17, transversale 11, carré 8, sixain 5, douzaine et colonne 2, chances simples 1.',
      ...rows.fr,
      'Une partie interrompue est réglée par le serveur ; vous la trouvez dans votre historique.',
    ],
  }
}

const oneZero = {
  en: [
    'When 0 falls, bets on red, black, odd, even, low, high, dozens and columns lose.',
    'The theoretical return to the player is 36/37 for every bet, computed from the pockets; no strategy changes it.',
  ],
  de: [
    'Fällt die 0, verlieren einfache Chancen, Dutzende und Kolonnen.',
    'Die theoretische Auszahlungsquote ist 36/37 für jeden Einsatz, aus den Fächern berechnet; keine Strategie ändert sie.',
  ],
  es: [
    'Si sale el 0, pierden las suertes sencillas, las docenas y las columnas.',
    'El retorno teórico al jugador es 36/37 en toda apuesta, calculado a partir de las casillas; ninguna estrategia lo cambia.',
  ],
  fr: [
    'Si le 0 sort, les chances simples, douzaines et colonnes perdent.',
    'Le taux de retour théorique est de 36/37 pour chaque mise, calculé d’après les cases ; aucune stratégie ne le change.',
  ],
}

const twoZeros = {
  en: [
    'When 0 or 00 falls, bets on red, black, odd, even, low, high, dozens and columns lose. The basket 0-00-1-2-3 pays 6 to 1.',
    'The theoretical return to the player is 36/38 for every bet but the basket, which returns 35/38.',
  ],
  de: [
    'Fällt 0 oder 00, verlieren einfache Chancen, Dutzende und Kolonnen. Der Korb 0-00-1-2-3 zahlt 6 zu 1.',
    'Die theoretische Auszahlungsquote ist 36/38 für jeden Einsatz; nur der Korb zahlt 35/38.',
  ],
  es: [
    'Si sale 0 o 00, pierden las suertes sencillas, las docenas y las columnas. La cesta 0-00-1-2-3 paga 6 a 1.',
    'El retorno teórico al jugador es 36/38 en toda apuesta menos la cesta, que retorna 35/38.',
  ],
  fr: [
    'Si 0 ou 00 sort, les chances simples, douzaines et colonnes perdent. Le panier 0-00-1-2-3 paie 6 contre 1.',
    'Le taux de retour théorique est de 36/38 pour chaque mise, sauf le panier : 35/38.',
  ],
}

const partage = {
  en: [
    'When 0 falls, half of every bet on red, black, odd, even, low or high comes back (la partage); dozens and columns lose.',
    'The theoretical return to the player is 73/74 for the even chances and 36/37 for every other bet. Even chances are bet in steps of two of the smallest coins.',
  ],
  de: [
    'Fällt die 0, kommt von einfachen Chancen die Hälfte zurück (La Partage); Dutzende und Kolonnen verlieren.',
    'Die theoretische Auszahlungsquote ist 73/74 für einfache Chancen und 36/37 für jeden anderen Einsatz. Einfache Chancen setzt man in Schritten von zwei kleinsten Münzen.',
  ],
  es: [
    'Si sale el 0, se devuelve la mitad de las suertes sencillas (la partage); docenas y columnas pierden.',
    'El retorno teórico al jugador es 73/74 en las suertes sencillas y 36/37 en las demás apuestas. Las suertes sencillas van en pasos de dos unidades mínimas.',
  ],
  fr: [
    'Si le 0 sort, la moitié des mises sur les chances simples est rendue (la partage) ; douzaines et colonnes perdent.',
    'Le taux de retour théorique est de 73/74 pour les chances simples et de 36/37 pour toute autre mise. Les chances simples se misent par pas de deux unités minimales.',
  ],
}
