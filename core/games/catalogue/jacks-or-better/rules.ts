import type { Language } from '#messages'
import { showPercent } from '../../fraction.ts'
import type { Game } from '../../game.ts'
import { written } from '../../written.ts'
import { rtp } from './pays.ts'

const returns = (language: Language) => written(showPercent(rtp), language)

export const rules: Game['rules'] = {
  en: [
    'You get five cards of one pack, shuffled afresh. Hold what you like; the rest is replaced once from the 47 cards that are left, each equally likely.',
    'For one staked: royal flush 800, straight flush 50, four of a kind 25, full house 9, flush 6, straight 4, three of a kind 3, two pair 2, a pair of jacks or better 1 (the stake). An ace counts above the king or below the two.',
    `The theoretical return to the player is ${returns('en')} with the best hold of every hand, counted over all deals and draws; another hold returns less. It is the same at every stake.`,
    'A royal flush comes once in 40,391 rounds with the best play.',
    'If you do not come back, the cards that pay are held and the others replaced; of a hand that pays nothing, all five.',
  ],
  de: [
    'Sie erhalten fünf Karten eines neu gemischten Pakets. Halten Sie, was Sie wollen; der Rest wird einmal aus den übrigen 47 Karten ersetzt, jede gleich wahrscheinlich.',
    'Für einen Einsatz: Royal Flush 800, Straight Flush 50, Vierling 25, Full House 9, Flush 6, Straße 4, Drilling 3, zwei Paare 2, ein Paar Buben oder besser 1 (der Einsatz). Das Ass zählt über dem König oder unter der Zwei.',
    `Die theoretische Auszahlungsquote ist ${returns('de')} bei bestem Halten jeder Hand, über alle Karten gezählt; anderes Halten bringt weniger. Sie ist bei jedem Einsatz gleich.`,
    'Ein Royal Flush kommt bei bestem Spiel einmal in 40.391 Runden.',
    'Kommen Sie nicht zurück, werden zahlende Karten gehalten und die anderen ersetzt; bei einer Hand ohne Gewinn alle fünf.',
  ],
  es: [
    'Recibe cinco cartas de una baraja mezclada de nuevo. Guarde las que quiera; las demás se cambian una vez por otras de las 47 restantes, todas igual de probables.',
    'Por unidad apostada: escalera real 800, escalera de color 50, póquer 25, full 9, color 6, escalera 4, trío 3, doble pareja 2, pareja de jotas o mejor 1 (la apuesta). El as vale sobre el rey o bajo el dos.',
    `El retorno teórico al jugador es ${returns('es')} guardando lo mejor de cada mano, contado sobre todas las cartas; guardar otra cosa retorna menos. Es igual con toda apuesta.`,
    'Una escalera real sale una vez en 40.391 rondas con el mejor juego.',
    'Si no vuelve, se guardan las cartas que pagan y se cambian las demás; de una mano sin premio, las cinco.',
  ],
  fr: [
    'Vous recevez cinq cartes d’un paquet mélangé à neuf. Gardez ce que vous voulez ; le reste est remplacé une fois par des cartes parmi les 47 restantes, toutes également probables.',
    'Pour un misé : quinte royale 800, quinte flush 50, carré 25, full 9, couleur 6, suite 4, brelan 3, deux paires 2, paire de valets ou mieux 1 (la mise). L’as compte au-dessus du roi ou au-dessous du deux.',
    `Le taux de retour théorique est de ${returns('fr')} en gardant au mieux chaque main, compté sur toutes les cartes ; garder autre chose rend moins. Il est le même à toute mise.`,
    'Une quinte royale sort une fois sur 40 391 parties avec le meilleur jeu.',
    'Si vous ne revenez pas, les cartes qui paient sont gardées et les autres remplacées ; d’une main sans gain, toutes les cinq.',
  ],
}
