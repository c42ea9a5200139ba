import { type Dashboard, DashboardBuilder, DatasourceVariableBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as CurveBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import type { Board, Panel } from './boards/board.ts'
import { business } from './boards/business.ts'
import { engineers } from './boards/engineers.ts'
import { operations } from './boards/operations.ts'
import { subsystems } from './boards/subsystems.ts'

export const boards: readonly Board[] = [business, engineers, ...subsystems, ...operations]

const datasource = { type: 'prometheus', uid: '$datasource' }
const [width, height] = [12, 8] // two beside each other, of 24 columns

/** What Grafana imports; whoever looks chooses the Prometheus. */
function dashboardOf({ uid, title, about, panels }: Board): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(about)
    .tags(['countroom'])
    .refresh('30s')
    .time({ from: 'now-6h', to: 'now' })
    .timezone('utc')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
  for (const panel of panels) builder.withPanel(panelOf(panel))
  return builder.build()
}

function panelOf({ title, about, unit, shows, queries }: Panel) {
  const panel = shows === 'now' ? new StatBuilder() : new CurveBuilder()
  panel.title(title).description(about).unit(unit).datasource(datasource).span(width).height(height)
  for (const [legend, expr] of Object.entries(queries))
    panel.withTarget(new DataqueryBuilder().datasource(datasource).expr(expr).legendFormat(legend).range())
  return panel
}

/** The file's text. */
export const renderBoard = (board: Board): string => `${JSON.stringify(dashboardOf(board), null, 2)}\n`
