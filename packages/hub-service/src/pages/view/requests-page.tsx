import { REQUEST_KINDS, REQUEST_STATES } from '@labkeeper/protocol';
import type { ReactElement } from 'react';
import type { IInboxPage } from '../../requests/staff-desk.js';
import type { IRequestRow } from '../../store/requests.js';
import { numberOf } from '../../requests/request-number.js';
import { requestsAddress, type IRequestFields, type IRequestQuery } from '../request-query.js';
import { KINDS, STATES, stateWord, wantWords } from '../request-words.js';
import { DataTable, type IColumn } from './data-table.js';
import { Moment } from './moment.js';
import { Problems } from './problems.js';
import { RecordText } from './record-text.js';

export interface IRequestsPageProps {
  readonly query: IRequestQuery;
  /** null = the address asks for what cannot be asked. */
  readonly page: IInboxPage | null;
  /** Groups that the reader's rights are limited to; null = they are not. */
  readonly groups: readonly string[] | null;
}

/** What researchers ask for: open requests first. */
export function RequestsPage({ query, page, groups }: IRequestsPageProps): ReactElement {
  const { fields, after, problems } = query;
  return (
    <>
      <h1>Requests</h1>
      <Filters fields={fields} />
      {groups && (
        <p className="aside">
          Only of people who were in <RecordText text={groups.join(', ')} /> when they asked.
        </p>
      )}
      <Problems problems={problems} />
      {page && page.rows.length === 0 && (
        <Empty isFiltered={Object.keys(fields).length > 0} isPaged={after !== null} />
      )}
      {page && page.rows.length > 0 && (
        <>
          <DataTable
            caption="Open ones first, the newest first"
            columns={REQUEST_COLUMNS}
            rows={page.rows}
            keyOf={({ id }) => id}
          />
          <nav aria-label="Pages of the list" className="pager">
            {after && <a href={requestsAddress(fields)}>First page</a>}
            {page.next ? (
              <a href={requestsAddress(fields, page.next)} rel="next">
                More
              </a>
            ) : (
              <span>These are the last.</span>
            )}
            <a href={requestsAddress(fields, after)}>Refresh</a>
          </nav>
        </>
      )}
    </>
  );
}

/** Columns of a list of requests; the first leads to the request. */
export const REQUEST_COLUMNS: readonly IColumn<IRequestRow>[] = [
  {
    head: 'What',
    cell: ({ id, want }) => (
      <a href={`/requests/${id}`}>
        <RecordText text={wantWords(want)} />
      </a>
    ),
    className: 'wide'
  },
  { head: 'Number', cell: ({ id }) => <code>{numberOf(id)}</code>, className: 'time' },
  { head: 'Kind', cell: ({ want }) => KINDS[want.kind] },
  { head: 'State', cell: row => stateWord(row) },
  { head: 'Who', cell: ({ user }) => <Who user={user} />, className: 'name' },
  { head: 'Asked (UTC)', cell: ({ createdAtMs }) => <Moment atMs={createdAtMs} />, className: 'time' },
  {
    head: 'Decided by',
    cell: ({ decision }) =>
      decision === null ? <span className="none dash">–</span> : <RecordText text={decision.by} />,
    className: 'name'
  }
];

/** Somebody's name, or that it was erased. */
export function Who({ user }: { readonly user: string | null }): ReactElement {
  return user === null ? <span className="none">erased</span> : <RecordText text={user} />;
}

function Filters({ fields }: { readonly fields: IRequestFields }): ReactElement {
  return (
    <form method="get" action="/requests" role="search" aria-label="Filter the requests" className="filters">
      <div className="fields">
        <Choice
          name="state"
          text="State"
          value={fields.state}
          options={REQUEST_STATES.map(name => [name, STATES[name]])}
        />
        <Choice
          name="kind"
          text="Kind"
          value={fields.kind}
          options={REQUEST_KINDS.map(name => [name, KINDS[name]])}
        />
        <TextField name="user" text="User" value={fields.user} />
        <TextField name="number" text="Number" value={fields.number} hint="such as 54e42925" />
      </div>
      <div className="buttons">
        <button type="submit">Show</button>
        {Object.keys(fields).length > 0 && <a href="/requests">Show all</a>}
      </div>
    </form>
  );
}

function TextField(props: {
  readonly name: string;
  readonly text: string;
  readonly value: string | undefined;
  readonly hint?: string;
}): ReactElement {
  const { name, text, value, hint } = props;
  return (
    <label>
      <span>{text}</span>
      <input
        type="text"
        name={name}
        defaultValue={value}
        maxLength={256}
        placeholder={hint}
        autoComplete="off"
        spellCheck={false}
      />
    </label>
  );
}

interface IChoiceProps {
  readonly name: string;
  readonly text: string;
  readonly value: string | undefined;
  readonly options: readonly (readonly [value: string, text: string])[];
}

function Choice({ name, text, value = '', options }: IChoiceProps): ReactElement {
  return (
    <label>
      <span>{text}</span>
      <select name={name} defaultValue={value}>
        <option value="">any</option>
        {options.map(([option, word]) => (
          <option key={option} value={option}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
}

function Empty({
  isFiltered,
  isPaged
}: {
  readonly isFiltered: boolean;
  readonly isPaged: boolean;
}): ReactElement {
  if (isPaged || isFiltered) {
    return (
      <div className="empty">
        <p>{isPaged ? 'There are no more requests.' : 'No request matches all of these filters.'}</p>
      </div>
    );
  }
  return (
    <div className="empty">
      <p>Nobody has asked for anything yet.</p>
      <p>When somebody in JupyterLab asks for help, or for a package that is not allowed, it appears here.</p>
    </div>
  );
}
