import type { Game } from '../../game.ts'

export const rules: Game['rules'] = {
  en: [
    'Name a target, 1.01 to 1,000.00 times the stake. One number is drawn out of 3,603,600,000, and from it follows how high the round goes.',
    'If it reaches the target you get the target times the stake; if not, the stake is lost.',
    'The chance of a target t is 0.99/t. Where 356,756,400,000 divided by the target in hundredths is not whole, it is cut to the whole draws below.',
    'The theoretical return to the player is 99 % at every target, less than three ten-millionths under it where the chance is cut. Stakes go in steps that pay whole coins.',
    'A round that was interrupted is settled by the server; you find it in your history.',
  ],
  de: [
    'Nennen Sie ein Ziel, das 1,01- bis 1.000,00-Fache des Einsatzes. Eine Zahl wird aus 3.603.600.000 gezogen; aus ihr folgt, wie hoch die Runde steigt.',
    'Erreicht sie das Ziel, erhalten Sie das Ziel mal den Einsatz; sonst ist der Einsatz verloren.',
    'Die Chance eines Ziels t ist 0,99/t. Wo 356.756.400.000 durch das Ziel in Hundertsteln nicht aufgeht, zählen die ganzen Ziehungen darunter.',
    'Die theoretische Auszahlungsquote ist 99 % bei jedem Ziel, weniger als drei Zehnmillionstel darunter, wo die Chance gekürzt ist. Einsätze gehen in Schritten, die ganze Münzen zahlen.',
    'Eine unterbrochene Runde rechnet der Server ab; Sie finden sie in Ihrem Verlauf.',
  ],
  es: [
    'Nombre un objetivo, de 1,01 a 1.000,00 veces la apuesta. Se extrae un número entre 3.603.600.000 y de él se sigue hasta dónde sube la ronda.',
    'Si alcanza el objetivo, recibe el objetivo por la apuesta; si no, la apuesta se pierde.',
    'La probabilidad de un objetivo t es 0,99/t. Si 356.756.400.000 entre el objetivo en centésimas no es entero, cuentan las extracciones enteras por debajo.',
    'El retorno teórico al jugador es 99 % con todo objetivo, menos de tres diezmillonésimas por debajo donde la probabilidad se recorta. Las apuestas van en pasos que pagan monedas enteras.',
    'Una ronda interrumpida la liquida el servidor; la encuentra en su historial.',
  ],
  fr: [
    'Nommez une cible, de 1,01 à 1 000,00 fois la mise. Un nombre est tiré parmi 3 603 600 000 ; il dit jusqu’où monte la partie.',
    'Si elle atteint la cible, vous recevez la cible fois la mise ; sinon la mise est perdue.',
    'La chance d’une cible t est de 0,99/t. Si 356 756 400 000 divisé par la cible en centièmes n’est pas entier, seuls comptent les tirages entiers au-dessous.',
    'Le taux de retour théorique est de 99 % pour toute cible, moins de trois dix-millionièmes au-dessous là où la chance est coupée. Les mises vont par pas qui paient des pièces entières.',
    'Une partie interrompue est réglée par le serveur ; vous la trouvez dans votre historique.',
  ],
}
