import type { ReactElement, ReactNode } from 'react';

/** A column of a table; `head` is read out before each cell where rows are shown as cards. */
export interface IColumn<Row> {
  readonly head: string;
  readonly cell: (row: Row) => ReactNode;
  readonly className?: string;
}

export interface IDataTableProps<Row> {
  readonly caption: ReactNode;
  readonly columns: readonly IColumn<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string | number;
  /** The row that the page is about. */
  readonly isCurrent?: (row: Row) => boolean;
}

/**
 * A table whose rows become cards on a narrow screen. Its roles are written out, because browsers forget that it is a
 * table when its style no longer is that of one. The first column names the row.
 */
export function DataTable<Row>(props: IDataTableProps<Row>): ReactElement {
  const { caption, columns, rows, keyOf, isCurrent } = props;
  return (
    <table role="table" className="data">
      <caption>{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ head, className }) => (
            <th key={head} role="columnheader" scope="col" className={className}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        <DataRows {...{ columns, rows, keyOf }} {...(isCurrent && { isCurrent })} />
      </tbody>
    </table>
  );
}

/** The rows alone. */
export function DataRows<Row>({
  columns,
  rows,
  keyOf,
  isCurrent
}: Omit<IDataTableProps<Row>, 'caption'>): ReactElement {
  return (
    <>
      {rows.map(row => (
        <tr key={keyOf(row)} role="row" aria-current={isCurrent?.(row) ? 'true' : undefined}>
          {columns.map(({ head, cell, className }, at) =>
            at === 0 ? (
              <th key={head} role="rowheader" scope="row" data-head={head} className={className}>
                <div>{cell(row)}</div>
              </th>
            ) : (
              <td key={head} role="cell" data-head={head} className={className}>
                <div>{cell(row)}</div>
              </td>
            )
          )}
        </tr>
      ))}
    </>
  );
}
