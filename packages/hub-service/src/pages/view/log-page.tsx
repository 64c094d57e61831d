import type { ReactElement } from 'react';
import { holdersAddress } from '../holders-query.js';
import { type ILiveView, LIVE_LOOKS, LIVE_SECONDS, liveAddress } from '../live-view.js';
import { exportAddress, type ILogQuery, logAddress } from '../log-query.js';
import { COUNT_CAP, type ILogPage } from '../reading.js';
import { counted, thousands } from '../words.js';
import { FilterForm, SetFilters } from './filter-form.js';
import { Problems } from './problems.js';
import { ReceiptForm } from './receipt-form.js';
import { RecordText } from './record-text.js';
import { RowsTable } from './rows-table.js';
import { type ISavedViewsProps, SavedViews } from './saved-views.js';

export interface ILogPageProps {
  readonly query: ILogQuery;
  /** Groups that the reader's right is limited to; null = it is not. */
  readonly groups: readonly string[] | null;
  /** Hubs whose records the reader may choose, her own first. */
  readonly hubs: readonly string[];
  /** Whether the view can be taken away as a file. */
  readonly canExport: boolean;
  /** null = the page does not follow the log. */
  readonly live: ILiveView | null;
  /** Where the script of a page that follows the log asks for news. */
  readonly newsAddress: string;
  /** Saved views; null = none can be saved. */
  readonly saved: Omit<ISavedViewsProps, 'fields'> | null;
  /** null = the address asks for what cannot be asked. */
  readonly page: ILogPage | null;
}

/** The install log: what was installed, by whom, through what, and how sure that is. */
export function LogPage({
  query,
  groups,
  hubs,
  canExport,
  live,
  newsAddress,
  saved,
  page
}: ILogPageProps): ReactElement {
  const { fields, after, problems } = query;
  return (
    <>
      <h1>Install log</h1>
      <FilterForm {...{ fields, groups, hubs }} isWrong={problems.length > 0} />
      <SetFilters fields={fields} />
      <ReceiptForm />
      {saved && <SavedViews {...saved} fields={problems.length === 0 ? fields : {}} />}
      {page && after === null && <Follow {...{ live, newsAddress, page }} address={logAddress(fields)} />}
      {fields.package !== undefined && (
        <p className="more">
          <a href={holdersAddress({ hub: fields.hub, package: fields.package, version: fields.version })}>
            Who has <RecordText text={[fields.package, fields.version ?? ''].join(' ').trim()} />?
          </a>
        </p>
      )}
      <Problems problems={problems} />
      {page && page.rows.length === 0 && (
        <Empty filtered={Object.keys(fields).length > 0} paged={after !== null} />
      )}
      {page && page.rows.length > 0 && (
        <>
          <RowsTable
            caption={caption(page, after !== null, live !== null)}
            rows={page.rows}
            newerThan={live?.since ?? null}
          />
          <nav aria-label="Pages of the list" className="pager">
            {after && <a href={logAddress(fields)}>Newest</a>}
            {page.next && (
              <a href={logAddress(fields, page.next)} rel="next">
                Older
              </a>
            )}
            {!page.next && <span>These are the oldest.</span>}
            <a href={logAddress(fields, after)}>Refresh</a>
          </nav>
          {canExport && (
            <nav aria-label="Export of all records of this view" className="pager">
              <span>Export all of it:</span>
              <a href={exportAddress(fields, 'jsonl')}>JSONL with proofs</a>
              <a href={exportAddress(fields, 'csv')}>CSV</a>
              <a href={exportAddress(fields, 'ocsf')}>OCSF</a>
            </nav>
          )}
        </>
      )}
    </>
  );
}

/** Records as they arrive, for who wants it. */
function Follow({
  address,
  newsAddress,
  live,
  page
}: {
  readonly address: string;
  readonly newsAddress: string;
  readonly live: ILiveView | null;
  readonly page: ILogPage;
}): ReactElement {
  const start = liveAddress(address, LIVE_LOOKS, null);
  if (live === null) {
    return (
      <p className="follow">
        <a href={start}>Show records as they arrive</a>
      </p>
    );
  }
  if (live.left === 0) {
    return (
      <p className="follow" role="status">
        It has looked for an hour and stopped. <a href={start}>Go on</a>
      </p>
    );
  }
  const signIn = `/login?next=${encodeURIComponent(start)}`;
  return (
    <div className="follow" data-news={newsAddress} data-newest={page.rows[0]?.index ?? -1}>
      {/* The script's words, and what stands there without one. */}
      <p role="status">
        <noscript>{`Looks again every ${LIVE_SECONDS} seconds, each look on record; new records are marked.`}</noscript>
      </p>
      <button type="button" className="arrived" hidden />
      <p>
        <a href={address}>Stop</a>{' '}
        <a href={start} data-when="again" hidden>
          Go on
        </a>{' '}
        <a href={signIn} data-when="sign-in" hidden>
          Sign in
        </a>
      </p>
    </div>
  );
}

function caption({ matches, next, rows }: ILogPage, paged: boolean, follows: boolean): string {
  const all = matches >= COUNT_CAP ? `${thousands(COUNT_CAP)}+ records` : counted(matches, 'record');
  return `${all}, the newest first${follows ? ', when this page was opened' : ''}${paged || next ? `; ${thousands(rows.length)} on this page` : ''}`;
}

function Empty({ filtered, paged }: { readonly filtered: boolean; readonly paged: boolean }): ReactElement {
  if (paged) {
    return (
      <div className="empty">
        <p>There are no older records.</p>
      </div>
    );
  }
  if (filtered) {
    return (
      <div className="empty">
        <p>No record matches all of these filters.</p>
        <p>
          Names are compared whole; “Package contains” finds parts of package names. Remove a filter to see
          more.
        </p>
      </div>
    );
  }
  return (
    <div className="empty">
      <p>Nothing has been recorded yet.</p>
      <p>
        When somebody's server starts with Labkeeper in its image, what is installed there appears here within
        seconds: at first what is found on the disk, then every install, upgrade and removal.
      </p>
      <p>
        Is a server running and nothing comes? <a href="/status">Status</a> says what is connected.
      </p>
    </div>
  );
}
