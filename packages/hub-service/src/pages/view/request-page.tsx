import type { EvidenceSection } from '@labkeeper/protocol';
import { Fragment, type ReactElement } from 'react';
import { numberOf } from '../../requests/request-number.js';
import type { IRequestAct, IRequestWhole } from '../../store/requests.js';
import { logAddress } from '../log-query.js';
import { actWords, KINDS, stateWord, wantWords } from '../request-words.js';
import { DEFAULT_SERVER, serverWord } from '../words.js';
import { DataTable, type IColumn } from './data-table.js';
import { Facts, Part } from './facts.js';
import { Moment } from './moment.js';
import { RecordText } from './record-text.js';
import { DecideForms } from './request-forms.js';
import { REQUEST_COLUMNS, Who } from './requests-page.js';
import { SaidText } from './said-text.js';

export interface IRequestPageProps {
  readonly request: IRequestWhole;
  /** Whether the reader may decide about it, and answer. */
  readonly mayDecide: boolean;
  /** Whether the reader may read its records in the log. */
  readonly mayReadLog: boolean;
  /** It is the reader's own. */
  readonly isOwn: boolean;
  /** Forms bring it back. */
  readonly formToken: string;
}

/** One request: who asks for what and why, what came with it, and what was done. */
export function RequestPage(props: IRequestPageProps): ReactElement {
  const { request, mayDecide, mayReadLog, isOwn, formToken } = props;
  const { want, user, server, evidence, acts, similar, reason } = request;
  return (
    <>
      <p className="more">
        <a href="/requests">All requests</a>
      </p>
      <h1>
        {KINDS[want.kind]}: <RecordText text={wantWords(want)} />
      </h1>
      <Facts
        facts={[
          ['Number', <code>{numberOf(request.id)}</code>],
          ['State', stateWord(request)],
          ['Who', <Who user={user} />],
          [
            'Groups then',
            request.groups.length === 0 ? 'none' : <RecordText text={request.groups.join(', ')} />
          ],
          [
            'Server',
            server === null ? <span className="none">erased</span> : <RecordText text={serverWord(server)} />
          ],
          ['Asked', <Moment atMs={request.createdAtMs} zone />],
          ['Why', reason === '' ? <span className="none">erased</span> : <SaidText text={reason} />],
          ...(want.kind === 'package' ? ([['Index', <RecordText text={want.ecosystem} />]] as const) : []),
          ...(request.lapsesAtMs === null
            ? []
            : ([['Lapses undecided', <Moment atMs={request.lapsesAtMs} zone />]] as const)),
          ...(request.untilMs === null
            ? []
            : ([['In force until', <Moment atMs={request.untilMs} zone />]] as const))
        ]}
      />
      <p className="aside">
        It came from a container: whoever uses that server, guests too, can have sent it, and made up what
        came with it.
        {user !== null && server !== null && (
          <>
            {' '}
            <a href={logAddress({ user, server: server === '' ? DEFAULT_SERVER : server })}>
              What the log has of this server
            </a>
          </>
        )}
      </p>
      <Part id="evidence" title="What came with it">
        {evidence.length === 0 ? (
          <div className="empty">
            <p>Nothing came with it.</p>
          </div>
        ) : (
          evidence.map((section, at) => <Evidence key={at} section={section} />)
        )}
      </Part>
      <Part id="history" title="What was done">
        <DataTable
          caption="The oldest first"
          columns={actColumns(want.kind === 'help', mayReadLog)}
          rows={acts}
          keyOf={({ version }) => version}
        />
      </Part>
      {similar.length > 0 && (
        <Part id="similar" title="Decided about the same before">
          <DataTable caption="The newest first" columns={SIMILAR} rows={similar} keyOf={({ id }) => id} />
        </Part>
      )}
      {mayDecide ? (
        <DecideForms request={request} formToken={formToken} />
      ) : (
        <p className="aside">
          {isOwn
            ? 'This is a request of your own: somebody else decides about it.'
            : 'You may read this request; others decide about it.'}
        </p>
      )}
    </>
  );
}

const RECORD: IColumn<IRequestAct> = {
  head: 'Record',
  cell: ({ index }) =>
    index === null ? <span className="none dash">–</span> : <a href={`/log/${index}`}>{`#${index}`}</a>
};

const SIMILAR: typeof REQUEST_COLUMNS = [
  ...REQUEST_COLUMNS,
  { head: 'Reason', cell: ({ decision }) => <RecordText text={decision?.reason ?? ''} />, className: 'wide' }
];

function actColumns(isHelp: boolean, mayReadLog: boolean): readonly IColumn<IRequestAct>[] {
  return [
    { head: 'What', cell: act => actWords(act, isHelp) },
    { head: 'When (UTC)', cell: ({ atMs }) => <Moment atMs={atMs} />, className: 'time' },
    {
      head: 'By',
      cell: ({ by }) => (by === '' ? <span className="none dash">–</span> : <RecordText text={by} />),
      className: 'name'
    },
    {
      head: 'Words',
      cell: ({ words }) =>
        words === null ? <span className="none dash">–</span> : <SaidText text={words} />,
      className: 'wide'
    },
    ...(mayReadLog ? [RECORD] : [])
  ];
}

function Evidence({ section: { title, lines } }: { readonly section: EvidenceSection }): ReactElement {
  return (
    <>
      <h3>
        <RecordText text={title} />
      </h3>
      <dl className="facts">
        {lines.map(({ label, text }, at) => (
          // Several on purpose: the same label may stand there twice.
          <Fragment key={at}>
            <dt>
              <RecordText text={label} />
            </dt>
            <dd>
              <SaidText text={text} />
            </dd>
          </Fragment>
        ))}
      </dl>
    </>
  );
}
