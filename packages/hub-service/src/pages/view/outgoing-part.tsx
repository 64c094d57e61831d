import type { ReactElement } from 'react';
import type { IDeadMessage, IOutgoingState, ITargetState } from '../../outgoing/outgoing-state.js';
import { counted, thousands } from '../words.js';
import { DataTable } from './data-table.js';
import { Part } from './facts.js';
import { Moment } from './moment.js';
import { RecordText } from './record-text.js';

const KINDS = {
  webhook: 'signed webhook',
  slack: 'chat',
  syslog: 'syslog',
  otlp: 'OTLP'
} as const;

/** How it stands with what goes out to others. */
export function OutgoingPart({ state }: { readonly state: IOutgoingState }): ReactElement {
  const { targets, dead } = state;
  return (
    <Part id="outgoing" title="Outgoing">
      {targets.length === 0 ? (
        <p>Nothing is sent to others: the policy names no target.</p>
      ) : (
        <DataTable
          caption={`${counted(targets.length, 'target')} of the policy`}
          keyOf={({ name }: ITargetState) => name}
          rows={targets}
          columns={[
            { head: 'Target', cell: ({ name }) => <RecordText text={name} /> },
            {
              head: 'Kind',
              cell: ({ kind }) => (kind === null ? 'not in the policy any more' : KINDS[kind])
            },
            { head: 'Waits', cell: waits },
            { head: 'Given up', cell: row => (row.lag === null ? thousands(row.dead) : 'never') },
            {
              head: 'Last sent',
              cell: ({ sentAtMs }) =>
                sentAtMs === null ? (
                  <span className="none">nothing yet</span>
                ) : (
                  <Moment atMs={sentAtMs} zone />
                )
            },
            {
              head: 'Trouble',
              cell: ({ trouble }) =>
                trouble === null ? <span className="none">none</span> : <RecordText text={trouble} />
            }
          ]}
        />
      )}
      {dead.length > 0 && (
        <DataTable
          caption="Messages that were given up, the newest first"
          keyOf={({ id }: IDeadMessage) => id}
          rows={dead}
          columns={[
            { head: 'Message', cell: ({ id }) => String(id) },
            { head: 'Target', cell: ({ target }) => <RecordText text={target} /> },
            { head: 'Made', cell: ({ atMs }) => <Moment atMs={atMs} zone /> },
            { head: 'Why', cell: ({ trouble }) => <RecordText text={trouble} /> }
          ]}
        />
      )}
    </Part>
  );
}

function waits({ lag, waiting }: ITargetState): string {
  return lag === null ? counted(waiting, 'message') : counted(lag, 'record');
}
