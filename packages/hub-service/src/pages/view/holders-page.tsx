import type { ReactElement } from 'react';
import type { IHolder } from '../../store/holders.js';
import { holdersAddress, type IHoldersFields, type IHoldersQuery } from '../holders-query.js';
import type { IHoldersFound } from '../holders-routes.js';
import { logAddress } from '../log-query.js';
import { COUNT_CAP } from '../reading.js';
import { counted, ECOSYSTEMS, serverWord, thousands, wordFor } from '../words.js';
import { DataTable, type IColumn } from './data-table.js';
import { HubChoice } from './hub-choice.js';
import { Moment } from './moment.js';
import { Problems } from './problems.js';
import { RecordText } from './record-text.js';

export interface IHoldersPageProps {
  readonly query: IHoldersQuery;
  /** null = nothing was looked up. */
  readonly found: IHoldersFound | null;
  /** Groups that the reader's right is limited to; null = it is not. */
  readonly groups: readonly string[] | null;
  /** Hubs whose people the reader may choose, her own first. */
  readonly hubs: readonly string[];
}

/** Who has a package, and since when; now, or on a day. */
export function HoldersPage({ query, found, groups, hubs }: IHoldersPageProps): ReactElement {
  const { fields, before, problems } = query;
  return (
    <>
      <h1>Who has it?</h1>
      <HoldersForm fields={fields} hubs={hubs} />
      {groups && (
        <p className="aside">
          Only people who were in <RecordText text={groups.join(', ')} /> when it was recorded.
        </p>
      )}
      <Problems problems={problems} />
      {!found && problems.length === 0 && (
        <div className="empty">
          <p>Name a package to see which people and servers have it.</p>
          <p>
            Without a day the list is about now; with one, about whoever had it at any moment of that day
            (UTC).
          </p>
        </div>
      )}
      {found && found.wholeFromMs !== null && isBefore(query.asked?.dayMs, found.wholeFromMs) && (
        <p className="aside">
          Records from before <Moment atMs={found.wholeFromMs} zone /> are deleted when their time is over:
          whoever had it on this day and no longer had it then may be missing.
        </p>
      )}
      {found && found.rows.length === 0 && <Nobody fields={fields} paged={before !== null} />}
      {found && found.rows.length > 0 && (
        <>
          <DataTable
            caption={caption(found, fields, before !== null)}
            columns={columns(fields.at !== undefined)}
            rows={found.rows}
            keyOf={({ sinceIndex }) => sinceIndex}
          />
          <nav aria-label="Pages of the list" className="pager">
            {before !== null && <a href={holdersAddress(fields)}>Newest</a>}
            {found.next !== null ? (
              <a href={holdersAddress(fields, found.next)} rel="next">
                Older
              </a>
            ) : (
              <span>These are the oldest.</span>
            )}
            <a href={logAddress({ hub: fields.hub, package: fields.package, version: fields.version })}>
              All records of this {fields.version === undefined ? 'package' : 'version'}
            </a>
          </nav>
        </>
      )}
    </>
  );
}

function isBefore(dayMs: number | null | undefined, atMs: number): boolean {
  return typeof dayMs === 'number' && dayMs < atMs;
}

function HoldersForm({
  fields,
  hubs
}: Pick<IHoldersPageProps, 'hubs'> & { readonly fields: IHoldersFields }): ReactElement {
  const inputs = [
    { field: 'package', name: 'Package', type: 'text', hint: 'whole name' },
    { field: 'version', name: 'Version', type: 'text', hint: 'any' },
    { field: 'at', name: 'On (empty: now)', type: 'date', hint: undefined }
  ] as const;
  return (
    <form method="get" action="/holders" role="search" aria-label="Who has a package" className="filters">
      <div className="fields">
        <HubChoice hubs={hubs} value={fields.hub} />
        {inputs.map(({ field, name, type, hint }) => (
          <label key={field}>
            <span>{name}</span>
            <input
              type={type}
              name={field}
              defaultValue={fields[field] ?? ''}
              maxLength={256}
              placeholder={hint}
              autoComplete="off"
              spellCheck={false}
            />
          </label>
        ))}
      </div>
      <div className="buttons">
        <button type="submit">Show</button>
        {Object.keys(fields).length > 0 && <a href="/holders">Clear</a>}
      </div>
    </form>
  );
}

function columns(isOfDay: boolean): readonly IColumn<IHolder>[] {
  const until: IColumn<IHolder> = {
    head: 'Until (UTC)',
    cell: ({ untilMs, untilIndex }) =>
      untilMs === null || untilIndex === null ? (
        <span className="none">still there</span>
      ) : (
        <a href={`/log/${untilIndex}`}>
          <Moment atMs={untilMs} />
        </a>
      ),
    className: 'time'
  };
  return [
    { head: 'User', cell: ({ user }) => <Person user={user} />, className: 'name' },
    {
      head: 'Server',
      cell: ({ server }) =>
        server === null ? <span className="none">erased</span> : <RecordText text={serverWord(server)} />,
      className: 'name'
    },
    {
      head: 'Version',
      cell: ({ packageVersion }) =>
        packageVersion === null ? (
          <span className="none">not known</span>
        ) : (
          <RecordText text={packageVersion} />
        ),
      className: 'package'
    },
    { head: 'Kind', cell: ({ ecosystem }) => <RecordText text={wordFor(ECOSYSTEMS, ecosystem)} /> },
    {
      head: 'Environment',
      cell: ({ environment }) =>
        environment === null ? (
          <span className="none">not known</span>
        ) : (
          <code>{environment.slice(0, 8)}</code>
        )
    },
    {
      head: 'Since (UTC)',
      cell: ({ sinceMs, sinceIndex }) => (
        <a href={`/log/${sinceIndex}`}>
          <Moment atMs={sinceMs} />
        </a>
      ),
      className: 'time'
    },
    ...(isOfDay ? [until] : []),
    {
      head: 'Last heard of (UTC)',
      cell: ({ heardMs }) =>
        heardMs === null ? <span className="none">never</span> : <Moment atMs={heardMs} />,
      className: 'time'
    }
  ];
}

function Person({ user }: { readonly user: string | null }): ReactElement {
  return user === null ? <span className="none">erased</span> : <RecordText text={user} />;
}

function caption({ rows, count, next }: IHoldersFound, { at }: IHoldersFields, paged: boolean): string {
  const isMore = count.holdings >= COUNT_CAP;
  const who = isMore
    ? `${thousands(COUNT_CAP)}+ installations`
    : `${counted(count.people, 'person', 'people')}, ${counted(count.servers, 'server')}, ${counted(count.holdings, 'installation')}`;
  const when = at === undefined ? 'now, as far as is on record' : `at some moment of ${at}`;
  return `${who}, ${when}; the newest first${paged || next !== null ? `; ${thousands(rows.length)} on this page` : ''}`;
}

function Nobody({
  fields,
  paged
}: {
  readonly fields: IHoldersFields;
  readonly paged: boolean;
}): ReactElement {
  if (paged) {
    return (
      <div className="empty">
        <p>There are no older ones.</p>
      </div>
    );
  }
  const what = [fields.package, fields.version].filter(Boolean).join(' ');
  return (
    <div className="empty">
      <p>
        Nobody {fields.at === undefined ? 'has' : 'had'} <RecordText text={what} />
        {fields.at === undefined ? '' : ` on ${fields.at}`}, as far as is on record.
      </p>
      <p>
        Names and versions are compared whole.{' '}
        <a href={logAddress({ hub: fields.hub, text: fields.package })}>
          Records of packages whose name contains it
        </a>{' '}
        may tell how it is written.
      </p>
    </div>
  );
}
