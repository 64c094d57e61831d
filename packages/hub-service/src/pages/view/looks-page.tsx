import type { ReactElement } from 'react';
import type { ILook } from '../../store/log-reader.js';
import { counted, wordFor } from '../words.js';
import { DataTable, type IColumn } from './data-table.js';
import { Moment } from './moment.js';
import { RecordText } from './record-text.js';

type Seen = ILook & { readonly atMs: number; readonly place: number };

export interface ILooksPageProps {
  readonly looks: readonly (ILook & { readonly atMs: number })[];
}

const KINDS: Readonly<Record<ILook['kind'], string>> = {
  list: 'A list of records',
  follow: 'New records of a list, for up to an hour',
  story: 'One record',
  export: 'An export',
  holders: 'Who has a package',
  looks: 'Who read the log',
  deaths: 'Deaths of kernels',
  holds: 'Holds and erasures',
  requests: 'Requests',
  outgoing: 'Given-up messages, to send them again'
};

const COLUMNS: readonly IColumn<Seen>[] = [
  { head: 'When (UTC)', cell: ({ atMs }) => <Moment atMs={atMs} />, className: 'time' },
  { head: 'Who', cell: ({ reader }) => <RecordText text={reader} /> },
  { head: 'Looked at', cell: ({ kind }) => <RecordText text={wordFor(KINDS, kind)} /> },
  { head: 'Address', cell: ({ query }) => <RecordText text={query} />, className: 'wide' }
];

/** Who read in the log, and what. */
export function LooksPage({ looks }: ILooksPageProps): ReactElement {
  return (
    <>
      <h1>Looks</h1>
      <p>Everybody who reads in the log, this page included, is put on record before anything is shown.</p>
      <DataTable
        caption={`The newest ${counted(looks.length, 'look')}`}
        columns={COLUMNS}
        rows={looks.map((look, place) => ({ ...look, place }))}
        keyOf={({ place }) => place}
      />
      <nav aria-label="This list" className="pager">
        <a href="/looks">Refresh</a>
      </nav>
    </>
  );
}
