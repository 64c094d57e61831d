import type { ReactElement } from 'react';
import type { IEventRow } from '../../store/server-events.js';
import { eventDetail, eventTitle } from '../event-words.js';
import { logAddress } from '../log-query.js';
import { serverWord } from '../words.js';
import { DataTable } from './data-table.js';
import { Part } from './facts.js';
import { Moment } from './moment.js';
import { RecordText } from './record-text.js';

/** Deaths and other events, one a row. */
export function EventsTable(props: {
  readonly caption: string;
  readonly rows: readonly IEventRow[];
  /** What addresses need to lead to records of the same hub. */
  readonly at: { readonly hub?: string };
}): ReactElement {
  return (
    <DataTable
      caption={props.caption}
      rows={props.rows}
      keyOf={({ id }) => id}
      columns={[
        { head: 'When (UTC)', cell: ({ atMs }) => <Moment atMs={atMs} />, className: 'time' },
        {
          head: 'User',
          cell: ({ user }) =>
            user === null ? (
              <span className="none">erased</span>
            ) : (
              <a href={logAddress({ ...props.at, user })}>
                <RecordText text={user} />
              </a>
            ),
          className: 'name'
        },
        {
          head: 'Server',
          cell: ({ server }) =>
            server === null ? <span className="none">erased</span> : <RecordText text={serverWord(server)} />,
          className: 'name'
        },
        { head: 'What', cell: ({ event }) => (event ? eventTitle(event) : 'Cannot be read any more') },
        { head: 'Numbers', cell: ({ event }) => (event ? <RecordText text={eventDetail(event)} /> : '') },
        { head: 'Node', cell: ({ node }) => named(node) },
        { head: 'Image', cell: ({ image }) => named(image) }
      ]}
    />
  );
}

/** What happened to a person's kernels lately, beside her installs. */
export function EventsPart({
  rows,
  at
}: {
  readonly rows: readonly IEventRow[];
  readonly at: { readonly hub?: string };
}): ReactElement {
  return (
    <Part id="events" title="This user's kernels lately">
      {rows.length === 0 ? (
        <p>No kernel of hers died lately, as far as is known.</p>
      ) : (
        <EventsTable
          caption="Deaths and shortages of all her servers, the newest first"
          rows={rows}
          at={at}
        />
      )}
    </Part>
  );
}

function named(name: string | null): ReactElement {
  return name === null ? <span className="none">not known</span> : <RecordText text={name} />;
}
