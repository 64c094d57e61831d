import type { TranslationBundle } from '@jupyterlab/translation';
import type { CompanionState, Quantities } from '@labkeeper/labkit';
import type { AuditRecords, AuditState, ListedRecord } from '@labkeeper/protocol';
import type { InstallWords } from '../words.js';

export interface IInstallLogProps {
  /** Of the link to the companion. */
  readonly link: CompanionState;
  /** Why there is none. */
  readonly reason: string;
  readonly state: AuditState | null;
  readonly list: AuditRecords | null;
  /** What is shown, newest first. */
  readonly records: readonly ListedRecord[];
  readonly nowMs: number;
  readonly words: InstallWords;
  readonly say: Quantities;
  readonly trans: TranslationBundle;
  /** Opens the page that shows what leaves this container. */
  readonly onOutgoing: () => void;
}

/** How the audited log stands, and the newest records of this server. */
export function InstallLog(props: IInstallLogProps): JSX.Element {
  const { state, trans, onOutgoing } = props;
  return (
    <>
      <h2 className="lk-InstallLog-title">{trans.__('Install log')}</h2>
      <Summary {...props} />
      <button type="button" className="lk-Link lk-InstallLog-outgoing" onClick={onOutgoing}>
        {trans.__('What leaves this container')}
      </button>
      {state !== null && state.mode !== 'off' && <Records {...props} keepsHub={state.mode === 'hub'} />}
    </>
  );
}

function Summary({ link, reason, state, nowMs, words, trans }: IInstallLogProps): JSX.Element {
  const isAway = link !== 'connected';
  const problem = isAway ? null : (state?.problem ?? null);
  return (
    <div className={`lk-Banner${isAway || problem ? ' lk-mod-away' : ''}`}>
      <p role="status">
        {isAway
          ? reason || trans.__('The companion is being asked.')
          : state === null
            ? trans.__('The companion is being asked.')
            : words.summary(state, nowMs)}
      </p>
      {problem && <Details text={problem.detail} trans={trans} />}
    </div>
  );
}

function Records(props: IInstallLogProps & { readonly keepsHub: boolean }): JSX.Element {
  const { list, records, trans } = props;
  const isRead = list !== null && list.hub !== 'asking';
  return (
    <>
      {list?.hub === 'failed' && (
        <div className="lk-Banner lk-mod-away">
          <p role="status">
            {trans.__('What the hub has on record could not be read just now. It is asked again by itself.')}
          </p>
          {list.failure !== null && <Details text={list.failure} trans={trans} />}
        </div>
      )}
      {!isRead && <p className="lk-Note">{trans.__('The hub is being asked.')}</p>}
      {records.length > 0 ? (
        <ol className="lk-InstallLog-list">
          {records.map(record => (
            <Row key={record.id} record={record} {...props} />
          ))}
        </ol>
      ) : (
        isRead && (
          <p className="lk-Note">
            {trans.__(
              'Nothing is on record yet. Packages that you install are listed here, by whatever tool.'
            )}
          </p>
        )
      )}
      {list?.isCut && records.length > 0 && (
        <p className="lk-Note">{trans.__('Older records are kept, and not listed here.')}</p>
      )}
    </>
  );
}

function Row(
  props: IInstallLogProps & { readonly record: ListedRecord; readonly keepsHub: boolean }
): JSX.Element {
  const { record, keepsHub, nowMs, words, say } = props;
  const { occurredAtMs, action, place } = record;
  const facts = words.facts(record);
  const gap = words.gap(record, nowMs);
  const isWaiting = keepsHub && place === 'server';
  return (
    <li className={`lk-InstallLog-row${action === 'gap' ? ' lk-mod-gap' : ''}`}>
      <span className="lk-InstallLog-what">{words.headline(record)}</span>
      {occurredAtMs !== null && (
        <time dateTime={isoTime(occurredAtMs)} title={say.moment(occurredAtMs)}>
          {words.when(occurredAtMs, nowMs)}
        </time>
      )}
      {gap !== null && <span className="lk-InstallLog-fact">{gap}</span>}
      {facts.length > 0 && <span className="lk-InstallLog-fact">{facts.join(' · ')}</span>}
      <span className={`lk-InstallLog-standing${isWaiting ? ' lk-mod-waiting' : ''}`}>
        {words.standing(record, keepsHub)}
      </span>
    </li>
  );
}

/** What support can do something with; in English, as it came. */
function Details({ text, trans }: { readonly text: string; readonly trans: TranslationBundle }): JSX.Element {
  return (
    <details>
      <summary>{trans.__('Details for support')}</summary>
      <p className="lk-InstallLog-detail">{text}</p>
    </details>
  );
}

/** A clock can say anything, also what no calendar has. */
function isoTime(atMs: number): string | undefined {
  const date = new Date(atMs);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
