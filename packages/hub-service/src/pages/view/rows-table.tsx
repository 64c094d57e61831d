import type { ReactElement, ReactNode } from 'react';
import type { ILogRow } from '../../store/log-reader.js';
import { ACTIONS, serverWord, wordFor } from '../words.js';
import { DataRows, DataTable, type IColumn } from './data-table.js';
import { EffectMark, GradeMark } from './marks.js';
import { Moment } from './moment.js';
import { RecordText } from './record-text.js';

export interface IRowsTableProps {
  readonly caption: ReactNode;
  readonly rows: readonly ILogRow[];
  /** The record that the page is about; null = none. */
  readonly current?: number | null;
  /** Records after this one are marked as new; null = none is. */
  readonly newerThan?: number | null;
}

const numberColumn = (newerThan: number | null): IColumn<ILogRow> => ({
  head: 'Record',
  cell: ({ index }) => (
    <>
      {newerThan !== null && index > newerThan && <span className="new">new </span>}
      <a href={`/log/${index}`}>{`#${index}`}</a>
    </>
  ),
  className: 'number'
});

const COLUMNS: readonly IColumn<ILogRow>[] = [
  { head: 'Received (UTC)', cell: ({ receivedAtMs }) => <Moment atMs={receivedAtMs} />, className: 'time' },
  { head: 'User', cell: ({ user }) => <Name text={user} />, className: 'name' },
  {
    head: 'Server',
    cell: ({ server }) => <Name text={server === null ? null : serverWord(server)} />,
    className: 'name'
  },
  { head: 'What', cell: ({ action }) => <RecordText text={wordFor(ACTIONS, action)} />, className: 'what' },
  { head: 'Package', cell: row => <PackageName row={row} />, className: 'package' },
  {
    head: 'Tool',
    cell: ({ tool }) => (tool === null ? <Dash /> : <RecordText text={tool} />),
    className: 'name'
  },
  { head: 'Verdict', cell: ({ effect }) => <EffectMark effect={effect} /> },
  { head: 'Evidence', cell: ({ grade }) => <GradeMark grade={grade} /> }
];

/** Records, one a row. */
export function RowsTable({
  caption,
  rows,
  current = null,
  newerThan = null
}: IRowsTableProps): ReactElement {
  return (
    <DataTable
      caption={caption}
      columns={[numberColumn(newerThan), ...COLUMNS]}
      rows={rows}
      keyOf={row => row.index}
      isCurrent={row => row.index === current}
    />
  );
}

/** Rows for a table that is there already, all of them new. */
export function NewRows({ rows }: Pick<IRowsTableProps, 'rows'>): ReactElement {
  return <DataRows columns={[numberColumn(-1), ...COLUMNS]} rows={rows} keyOf={row => row.index} />;
}

/** A person's or a server's name; it may have been erased. */
function Name({ text }: { readonly text: string | null }): ReactElement {
  return text === null ? <span className="none">erased</span> : <RecordText text={text} />;
}

function PackageName({ row }: { readonly row: ILogRow }): ReactElement {
  if (row.packageName === null) {
    return <Dash />;
  }
  return (
    <>
      <RecordText text={row.packageName} />
      {row.packageVersion !== null && (
        <>
          {' '}
          <span className="version">
            <RecordText text={row.packageVersion} />
          </span>
        </>
      )}
    </>
  );
}

function Dash(): ReactElement {
  return <span className="none dash">–</span>;
}
