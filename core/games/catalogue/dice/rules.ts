import type { Game } from '../../game.ts'

export const rules: Game['rules'] = {
  en: [
    'Choose a chance and a side. One of 10,000 numbers is rolled, 00.00 to 99.99, each equally likely.',
    'Under wins on the numbers below the chance, over on as many at the top. A win pays 99 divided by the chance in percent, times the stake.',
    'Only chances whose pay is a whole number of hundredths are offered, and stakes go in steps that pay whole coins: nothing is ever rounded.',
    'The theoretical return to the player is exactly 99 % at every chance, side and stake; no strategy changes it.',
    'A round that was interrupted is settled by the server; you find it in your history.',
  ],
  de: [
    'Wählen Sie eine Chance und eine Seite. Eine von 10.000 Zahlen wird gewürfelt, 00,00 bis 99,99, jede gleich wahrscheinlich.',
    'Unter gewinnt bei den Zahlen unterhalb der Chance, Über bei ebenso vielen am oberen Ende. Ein Gewinn zahlt 99 durch die Chance in Prozent, mal den Einsatz.',
    'Angeboten werden nur Chancen, deren Quote ganze Hundertstel hat, und Einsätze in Schritten, die ganze Münzen zahlen: nichts wird gerundet.',
    'Die theoretische Auszahlungsquote ist genau 99 % bei jeder Chance, jeder Seite und jedem Einsatz; keine Strategie ändert sie.',
    'Eine unterbrochene Runde rechnet der Server ab; Sie finden sie in Ihrem Verlauf.',
  ],
  es: [
    'Elija una probabilidad y un lado. Sale uno de 10.000 números, de 00,00 a 99,99, todos igual de probables.',
    'Por debajo gana con los números inferiores a la probabilidad; por encima, con otros tantos del extremo superior. El premio es 99 entre la probabilidad en tanto por ciento, por la apuesta.',
    'Solo se ofrecen probabilidades cuyo pago es un número entero de centésimas, y apuestas en pasos que pagan monedas enteras: nunca se redondea.',
    'El retorno teórico al jugador es exactamente 99 % con toda probabilidad, lado y apuesta; ninguna estrategia lo cambia.',
    'Una ronda interrumpida la liquida el servidor; la encuentra en su historial.',
  ],
  fr: [
    'Choisissez une chance et un côté. Un nombre sur 10 000 est tiré, de 00,00 à 99,99, tous également probables.',
    'Au-dessous gagne avec les nombres inférieurs à la chance, au-dessus avec autant de nombres à l’autre bout. Un gain paie 99 divisé par la chance en pour cent, fois la mise.',
    'Seules sont offertes les chances dont le gain est un nombre entier de centièmes, et des mises par pas qui paient des pièces entières : rien n’est arrondi.',
    'Le taux de retour théorique est exactement de 99 % pour toute chance, tout côté et toute mise ; aucune stratégie ne le change.',
    'Une partie interrompue est réglée par le serveur ; vous la trouvez dans votre historique.',
  ],
}
