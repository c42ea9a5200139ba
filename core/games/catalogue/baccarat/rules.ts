import type { Language } from '#messages'
import type { Game } from '../../game.ts'
import { written } from '../../written.ts'
import type { Result } from './tableau.ts'

export function rulesOf(rtp: (on: Result) => string): Game['rules'] {
  const returns = (on: Result, language: Language) => written(rtp(on), language)
  return {
    en: [
      'Bet on the player, the banker or a tie. Cards come from eight packs, shuffled afresh for every round. Aces count one, tens and court cards nothing; only the last digit of a total counts.',
      'Both get two cards. With 8 or 9 on either side nobody draws. Otherwise the player draws on 0 to 5, and the banker on 0 to 5 if the player stood.',
      'If the player drew, the banker draws on 0 to 2; on 3 unless the third card was an 8; on 4 if it was 2 to 7; on 5 if it was 4 to 7; on 6 if it was 6 or 7.',
      'The hand nearer to nine wins. The player pays 1 to 1, the banker 19 to 20 (1 to 1 less 5 % commission), a tie 8 to 1; on a tie, bets on the hands come back. The banker is bet in steps of 20 of the smallest coins.',
      `The theoretical return, counted over all deals of six cards: banker ${returns('banker', 'en')}, player ${returns('player', 'en')}, tie ${returns('tie', 'en')}.`,
      'A round that was interrupted is settled by the server; you find it in your history.',
    ],
    de: [
      'Setzen Sie auf den Spieler, die Bank oder Unentschieden. Die Karten kommen aus acht Paketen, für jede Runde neu gemischt. Asse zählen eins, Zehnen und Bilder nichts; nur die letzte Ziffer zählt.',
      'Beide erhalten zwei Karten. Bei 8 oder 9 zieht niemand. Sonst zieht der Spieler bei 0 bis 5, und die Bank bei 0 bis 5, wenn der Spieler nicht zog.',
      'Zog der Spieler, zieht die Bank bei 0 bis 2; bei 3 außer nach einer 8; bei 4 nach 2 bis 7; bei 5 nach 4 bis 7; bei 6 nach 6 oder 7.',
      'Wer näher an neun ist, gewinnt. Der Spieler zahlt 1 zu 1, die Bank 19 zu 20 (1 zu 1 abzüglich 5 % Kommission), Unentschieden 8 zu 1; dann kommen Einsätze auf die Hände zurück. Auf die Bank setzt man in Schritten von 20 kleinsten Münzen.',
      `Die theoretische Auszahlungsquote, über alle Folgen von sechs Karten gezählt: Bank ${returns('banker', 'de')}, Spieler ${returns('player', 'de')}, Unentschieden ${returns('tie', 'de')}.`,
      'Eine unterbrochene Runde rechnet der Server ab; Sie finden sie in Ihrem Verlauf.',
    ],
    es: [
      'Apueste al jugador, a la banca o al empate. Las cartas salen de ocho barajas, mezcladas de nuevo en cada ronda. El as vale uno; dieces y figuras, nada; solo cuenta la última cifra.',
      'Cada mano recibe dos cartas. Con 8 o 9 nadie pide. Si no, el jugador pide con 0 a 5, y la banca con 0 a 5 si el jugador se plantó.',
      'Si el jugador pidió, la banca pide con 0 a 2; con 3 salvo tras un 8; con 4 tras 2 a 7; con 5 tras 4 a 7; con 6 tras 6 o 7.',
      'Gana la mano más cercana a nueve. El jugador paga 1 a 1, la banca 19 a 20 (1 a 1 menos 5 % de comisión), el empate 8 a 1; en empate se devuelven las apuestas a las manos. A la banca se apuesta en pasos de 20 unidades mínimas.',
      `El retorno teórico, contado sobre todas las series de seis cartas: banca ${returns('banker', 'es')}, jugador ${returns('player', 'es')}, empate ${returns('tie', 'es')}.`,
      'Una ronda interrumpida la liquida el servidor; la encuentra en su historial.',
    ],
    fr: [
      'Misez sur le joueur, la banque ou l’égalité. Les cartes viennent de huit paquets, mélangés à neuf pour chaque partie. L’as vaut un, les dix et figures rien ; seul compte le dernier chiffre.',
      'Chaque main reçoit deux cartes. Avec 8 ou 9 personne ne tire. Sinon le joueur tire de 0 à 5, et la banque de 0 à 5 si le joueur est resté.',
      'Si le joueur a tiré, la banque tire de 0 à 2 ; à 3 sauf après un 8 ; à 4 après 2 à 7 ; à 5 après 4 à 7 ; à 6 après 6 ou 7.',
      'La main la plus proche de neuf gagne. Le joueur paie 1 contre 1, la banque 19 contre 20 (1 contre 1 moins 5 % de commission), l’égalité 8 contre 1 ; à égalité, les mises sur les mains sont rendues. La banque se mise par pas de 20 unités minimales.',
      `Le taux de retour théorique, compté sur toutes les suites de six cartes : banque ${returns('banker', 'fr')}, joueur ${returns('player', 'fr')}, égalité ${returns('tie', 'fr')}.`,
      'Une partie interrompue est réglée par le serveur ; vous la trouvez dans votre historique.',
    ],
  }
}
