import type { ReactElement } from 'react';
import type { IHubState } from '../../hubs/hub-state.js';
import { DataTable } from './data-table.js';
import { Part } from './facts.js';
import { Moment } from './moment.js';
import { RecordText } from './record-text.js';

const KINDS = {
  connected: 'connected',
  waiting: 'not asked yet',
  lagging: 'lagging',
  misconfigured: 'misconfigured'
} as const;

/** How it stands with each hub, where there are several. */
export function HubsPart({ hubs }: { readonly hubs: readonly IHubState[] }): ReactElement {
  return (
    <Part id="hubs" title="Hubs">
      <DataTable
        caption="Hubs that this service trusts"
        keyOf={(hub: IHubState) => `${hub.id ?? ''} ${hub.trouble?.sentence ?? ''}`}
        rows={hubs}
        columns={[
          {
            head: 'Hub',
            cell: ({ id }) =>
              id === null ? <span className="none">not named rightly</span> : <RecordText text={id} />
          },
          { head: 'State', cell: ({ kind }) => KINDS[kind] },
          {
            head: 'Last heard',
            cell: ({ heardAtMs }) =>
              heardAtMs === null ? <span className="none">never</span> : <Moment atMs={heardAtMs} zone />
          }
        ]}
      />
    </Part>
  );
}
