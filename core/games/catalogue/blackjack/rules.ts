import type { Language } from '#messages'
import { showPercent } from '../../fraction.ts'
import type { Game } from '../../game.ts'
import { written } from '../../written.ts'
import { insurance, insuranceAt, returnOf } from './insurance.ts'
import { rtp } from './returns.ts'

const returns = (language: Language) => written(showPercent(rtp), language)
/** What insurance returns: of all deals, and with none, one and two tens in hand. */
const insured = [insurance(1n), ...([0, 1, 2] as const).map((held) => insuranceAt(1n, held))].map(returnOf)
const insures = (language: Language) =>
  insured.map((each) => written(showPercent(each), language)) as [string, string, string, string]

const insuranceTold: Readonly<Record<Language, string>> = {
  en: tell(
    'en',
    (all, none, one, two) =>
      `Insurance is a stake of its own and returns ${all} of it over all deals: ${none} with no ten or court card among your two, ${one} with one, ${two} with two.`,
  ),
  de: tell(
    'de',
    (all, none, one, two) =>
      `Die Versicherung ist ein eigener Einsatz, von dem über alle Folgen ${all} zurückkommen: ${none} ohne Zehn oder Bild unter Ihren zwei Karten, ${one} mit einer, ${two} mit zweien.`,
  ),
  es: tell(
    'es',
    (all, none, one, two) =>
      `El seguro es una apuesta aparte y retorna ${all} de ella sobre todos los repartos: ${none} sin diez ni figura entre sus dos cartas, ${one} con una, ${two} con dos.`,
  ),
  fr: tell(
    'fr',
    (all, none, one, two) =>
      `L’assurance est une mise à part, dont ${all} reviennent sur toutes les donnes : ${none} sans dix ni figure parmi vos deux cartes, ${one} avec une, ${two} avec deux.`,
  ),
}

function tell(language: Language, sentence: (...shares: [string, string, string, string]) => string): string {
  return sentence(...insures(language))
}

export const rules: Game['rules'] = {
  en: [
    'Come nearer to 21 than the dealer without going over. Cards come from six packs, shuffled afresh for every round; court cards count 10, aces 1 or 11. Stakes are even numbers of the smallest coins.',
    'An ace and a ten at once are a blackjack and pay 3 to 2, other wins 1 to 1; equal totals give the stake back. The dealer draws to 16 and stands on every 17.',
    'Against an ace you may insure for half the stake: it pays 2 to 1 if the dealer has a blackjack. With an ace or a ten open the dealer looks first, and a blackjack takes the first stake only.',
    'Double on any two cards, also after a split: one card more for a second stake. Split cards of equal value, to four hands; split aces get one card each, aces among them may be split again. 21 after a split is no blackjack.',
    'Surrender your first two cards for half the stake.',
    `The theoretical return to the player is ${returns('en')} of the first stake with the best play by the cards of each hand, computed exactly over all deals; other play returns less. Insurance is never part of the best play here.`,
    insuranceTold.en,
    'If you do not come back, insurance is declined and your hands stand.',
  ],
  de: [
    'Kommen Sie näher an 21 als der Geber, ohne darüber zu gehen. Die Karten kommen aus sechs Paketen, für jede Runde neu gemischt; Bilder zählen 10, Asse 1 oder 11. Einsätze sind gerade Zahlen kleinster Münzen.',
    'Ass und Zehn zugleich sind ein Blackjack und zahlen 3 zu 2, andere Gewinne 1 zu 1; bei Gleichstand kommt der Einsatz zurück. Der Geber zieht bis 16 und bleibt bei jeder 17.',
    'Gegen ein Ass können Sie sich für den halben Einsatz versichern: das zahlt 2 zu 1, wenn der Geber einen Blackjack hat. Bei Ass oder Zehn sieht er zuerst nach; ein Blackjack nimmt nur den ersten Einsatz.',
    'Verdoppeln Sie mit zwei beliebigen Karten, auch nach dem Teilen: eine Karte mehr für einen zweiten Einsatz. Teilen Sie Karten gleichen Werts, bis zu vier Hände; geteilte Asse erhalten je eine Karte, Asse darunter dürfen wieder geteilt werden. 21 nach dem Teilen ist kein Blackjack.',
    'Geben Sie Ihre ersten zwei Karten für den halben Einsatz auf.',
    `Die theoretische Auszahlungsquote ist ${returns('de')} des ersten Einsatzes bei bestem Spiel nach den Karten jeder Hand, genau über alle Folgen berechnet; anderes Spiel bringt weniger. Versicherung gehört hier nie zum besten Spiel.`,
    insuranceTold.de,
    'Kommen Sie nicht zurück, wird die Versicherung abgelehnt und Ihre Hände bleiben stehen.',
  ],
  es: [
    'Acérquese a 21 más que el crupier sin pasarse. Las cartas salen de seis barajas, mezcladas de nuevo en cada ronda; las figuras valen 10, los ases 1 u 11. Las apuestas son números pares de la unidad mínima.',
    'As y diez a la vez son blackjack y pagan 3 a 2; los demás premios, 1 a 1; si empatan, vuelve la apuesta. El crupier pide hasta 16 y se planta con todo 17.',
    'Contra un as puede asegurarse por media apuesta: paga 2 a 1 si el crupier tiene blackjack. Con as o diez a la vista mira primero, y un blackjack se lleva solo la primera apuesta.',
    'Doble con dos cartas cualesquiera, también tras dividir: una carta más por otra apuesta. Divida cartas de igual valor, hasta cuatro manos; los ases divididos reciben una carta, y otro as puede dividirse de nuevo. 21 tras dividir no es blackjack.',
    'Ríndase con sus dos primeras cartas por media apuesta.',
    `El retorno teórico al jugador es ${returns('es')} de la primera apuesta con el mejor juego según las cartas de cada mano, calculado exactamente sobre todos los repartos; otro juego retorna menos. El seguro nunca es parte del mejor juego aquí.`,
    insuranceTold.es,
    'Si no vuelve, el seguro se rechaza y sus manos se plantan.',
  ],
  fr: [
    'Approchez 21 plus que le croupier sans le dépasser. Les cartes viennent de six paquets, mélangés à neuf pour chaque partie ; les figures valent 10, les as 1 ou 11. Les mises sont des nombres pairs de l’unité minimale.',
    'Un as et un dix d’emblée font un blackjack et paient 3 contre 2, les autres gains 1 contre 1 ; à égalité la mise est rendue. Le croupier tire jusqu’à 16 et reste à tout 17.',
    'Contre un as, vous pouvez vous assurer pour une demi-mise : elle paie 2 contre 1 si le croupier a un blackjack. Avec un as ou un dix visible il regarde d’abord, et un blackjack ne prend que la première mise.',
    'Doublez avec deux cartes quelconques, aussi après une séparation : une carte de plus pour une seconde mise. Séparez des cartes de même valeur, jusqu’à quatre mains ; les as séparés reçoivent une carte, un nouvel as peut être séparé encore. 21 après séparation n’est pas un blackjack.',
    'Abandonnez vos deux premières cartes pour la moitié de la mise.',
    `Le taux de retour théorique est de ${returns('fr')} de la première mise avec le meilleur jeu selon les cartes de chaque main, calculé exactement sur toutes les donnes ; un autre jeu rend moins. L’assurance ne fait jamais partie du meilleur jeu ici.`,
    insuranceTold.fr,
    'Si vous ne revenez pas, l’assurance est refusée et vos mains restent.',
  ],
}
