import type { TranslationBundle } from '@jupyterlab/translation';
import type { CompanionState, Quantities } from '@labkeeper/labkit';
import type { OutgoingExample, OutgoingKnown, OutgoingRow } from '@labkeeper/protocol';
import type { IOutgoingWords } from './outgoing-words.js';

export interface IOutgoingPageProps {
  /** Of the link to the companion. */
  readonly link: CompanionState;
  /** Why there is none. */
  readonly reason: string;
  /** null = not known yet. */
  readonly known: OutgoingKnown | null;
  readonly nowMs: number;
  /** null = a class that only a newer companion knows. */
  readonly wordsOf: (what: string) => IOutgoingWords | null;
  readonly say: Quantities;
  readonly trans: TranslationBundle;
}

/** Everything that the hub is told about this container, by example. */
export function OutgoingPage(props: IOutgoingPageProps): JSX.Element {
  const { link, reason, known, trans } = props;
  return (
    <article className="lk-OutgoingPage">
      <h1>{trans.__('What leaves this container')}</h1>
      {link !== 'connected' && (
        <p className="lk-Banner lk-mod-away" role="status">
          {reason || trans.__('The companion is being asked.')}
        </p>
      )}
      {known === null ? (
        link === 'connected' && <p role="status">{trans.__('The companion is being asked.')}</p>
      ) : known.host === null ? (
        <p className="lk-Banner" role="status">
          {trans.__('Nothing is sent: no hub service is named. What Labkeeper sees stays on this server.')}
        </p>
      ) : (
        <Classes {...props} known={known} host={known.host} />
      )}
      <p className="lk-Note">
        {trans.__(
          'This is what Labkeeper sends. JupyterHub itself learns when your server was last active, as it does without Labkeeper. On a cloud machine Labkeeper asks the machine’s own metadata service whether it will be taken back; nothing about you is in that question. What your own code sends is not listed here.'
        )}
      </p>
    </article>
  );
}

function Classes(
  props: IOutgoingPageProps & { readonly known: OutgoingKnown; readonly host: string }
): JSX.Element {
  const { known, host, trans, say } = props;
  return (
    <>
      <p>
        {trans.__(
          'Everything below goes to the hub service at %1, and nowhere else. What the hub passes on is your administrators’ decision. The examples are the last messages that this server really sent; only the credential is left out. Counted since %2.',
          host,
          say.moment(known.sinceMs)
        )}
      </p>
      <ul className="lk-OutgoingPage-list">
        {known.classes.map(row => (
          <Class key={row.what} {...props} row={row} />
        ))}
      </ul>
    </>
  );
}

function Class(
  props: IOutgoingPageProps & { readonly row: OutgoingRow; readonly host: string }
): JSX.Element {
  const { row, host, trans, say, nowMs, wordsOf } = props;
  const words = wordsOf(row.what);
  return (
    <li className="lk-OutgoingPage-class" data-class={row.what}>
      <h2>{words?.title ?? trans.__('Something newer than this page (%1)', row.what)}</h2>
      {words && (
        <dl>
          <dt>{trans.__('Why')}</dt>
          <dd>{words.why}</dd>
          <dt>{trans.__('Never in it')}</dt>
          <dd>{words.never}</dd>
        </dl>
      )}
      <p className="lk-OutgoingPage-count">
        {row.last === null ? (
          trans.__('None was sent yet.')
        ) : (
          <>
            <span>
              {trans._n('%1 message', '%1 messages', row.count)} · {sizeOf(row.bytes, props)} · {host}
            </span>{' '}
            <time dateTime={isoTime(row.last.atMs)} title={say.moment(row.last.atMs)}>
              {trans.__('last %1', say.clock(row.last.atMs, nowMs))}
            </time>
          </>
        )}
      </p>
      {row.last && <Example last={row.last} {...props} />}
    </li>
  );
}

function Example({ last, say, trans }: IOutgoingPageProps & { readonly last: OutgoingExample }): JSX.Element {
  return (
    <details>
      <summary>{trans.__('The last one, as it was sent (%1)', sizeOf(last.bytes, { say, trans }))}</summary>
      <pre tabIndex={0}>
        {last.head}
        {last.body !== null && `\n\n${last.body}`}
      </pre>
      {last.isCut && (
        <p className="lk-Note">{trans.__('The rest is more of the same kind, and not shown.')}</p>
      )}
    </details>
  );
}

/** Most messages are small: "0 MB" would hide that they are there. */
function sizeOf(bytes: number, { say, trans }: Pick<IOutgoingPageProps, 'say' | 'trans'>): string {
  if (bytes >= 1e6) {
    return say.bytes(bytes);
  }
  return bytes < 1000
    ? trans._n('%1 byte', '%1 bytes', bytes)
    : trans.__('%1 kB', say.number(Math.round(bytes / 100) / 10));
}

/** A clock can say anything, also what no calendar has. */
function isoTime(atMs: number): string | undefined {
  const date = new Date(atMs);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
