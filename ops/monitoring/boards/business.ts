import { age, type Board } from './board.ts'

export const business: Board = {
  uid: 'countroom-business',
  title: 'Countroom: business',
  about: 'What players do and what waits for us, for who runs the casino.',
  panels: [
    {
      title: 'Bets',
      about: 'Bets that were booked, a second.',
      unit: 'ops',
      queries: { bets: 'sum(rate(countroom_bets_total{code="posted"}[$__rate_interval]))' },
    },
    {
      title: 'Bets refused',
      about: 'By the code of the refusal. Limits and empty wallets are everyday; `defect` is not.',
      unit: 'ops',
      queries: { '{{code}}': 'sum by (code) (rate(countroom_bets_total{code!~"posted|replayed"}[$__rate_interval]))' },
    },
    {
      title: 'Deposits begun, by answer',
      about: 'What was said to who wanted to deposit. 5xx is ours or the gateway’s.',
      unit: 'ops',
      queries: {
        '{{status}}':
          'sum by (status) (rate(countroom_requests_total{face="player",route="/api/deposits",method="POST"}[$__rate_interval]))',
      },
    },
    {
      title: 'Waiting',
      about: 'Events of gateways, held deposits, withdrawals before review, payouts without an end.',
      unit: 'short',
      queries: { '{{what}}': 'max by (what) (countroom_cashier_waiting)' },
    },
    {
      title: 'The oldest that waits',
      about: 'Withdrawals and held deposits wait for a person; payouts for a gateway.',
      unit: 's',
      queries: { '{{what}}': age('countroom_cashier_waiting_timestamp_seconds', ' by (what)') },
    },
    {
      title: 'Left of the month’s errors',
      about: 'How much of each promise’s budget is left. Below zero the promise is broken.',
      unit: 'percentunit',
      shows: 'now',
      queries: { '{{slo}}': 'slo:period_error_budget_remaining:ratio' },
    },
    {
      title: 'Games outside their returns',
      about: 'Times in two days that a version returned more or less than chance explains.',
      unit: 'short',
      queries: { '{{game}} {{version}}': 'max by (game, version) (countroom_games_return_outside)' },
    },
    {
      title: 'Messages given up',
      about: 'Mail and text messages of the last day that will not be sent.',
      unit: 'short',
      queries: { '{{channel}}': 'max by (channel) (countroom_messages_given_up)' },
    },
  ],
}
