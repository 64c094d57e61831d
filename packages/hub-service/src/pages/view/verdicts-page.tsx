import type { ReactElement } from 'react';
import type { IFeedbackRow, IVerdictTally } from '../../store/verdict-feedback.js';
import { deathsAddress } from '../deaths-query.js';
import { CAUSES } from '../event-words.js';
import { thousands, wordFor } from '../words.js';
import { DataTable } from './data-table.js';
import { Part } from './facts.js';
import { HubChoice } from './hub-choice.js';
import { Moment } from './moment.js';
import { RecordText } from './record-text.js';

export interface IVerdictsPageProps {
  /** The causes that were told most often first. */
  readonly tally: readonly IVerdictTally[];
  /** The newest first. */
  readonly rows: readonly IFeedbackRow[];
  /** Whose researchers' answers, as it stands in the address; undefined = those of the reader's own hub. */
  readonly hub: string | undefined;
  /** Hubs whose answers the reader may choose, her own first. */
  readonly hubs: readonly string[];
}

const ANSWERS = { yes: 'Right', no: 'Wrong', other: 'Something else' } as const;

/** What researchers answer to "Was this right?". */
export function VerdictsPage({ tally, rows, hub, hubs }: IVerdictsPageProps): ReactElement {
  return (
    <>
      <p>
        <a href={deathsAddress({ hub })}>Deaths of kernels</a>
      </p>
      <h1>Was it right?</h1>
      {hubs.length > 1 && (
        <form method="get" action="/verdicts" aria-label="Whose answers" className="filters">
          <div className="fields">
            <HubChoice hubs={hubs} value={hub} />
          </div>
          <div className="buttons">
            <button type="submit">Show</button>
          </div>
        </form>
      )}
      <p className="aside">
        What researchers say of verdicts in JupyterLab. Who says it comes from the hub; whether she knows
        better is for you to judge.
      </p>
      {rows.length === 0 ? (
        <div className="empty">
          <p>Nobody has said anything yet.</p>
          <p>Each verdict in JupyterLab asks “Was this right?”; the answers appear here.</p>
        </div>
      ) : (
        <>
          <Part id="by-verdict" title="Per verdict">
            <DataTable
              caption="The most answers first"
              rows={tally}
              keyOf={({ toldCause }) => toldCause}
              columns={[
                { head: 'We said', cell: ({ toldCause }) => causeWords(toldCause), className: 'name' },
                { head: 'Right', cell: ({ right }) => thousands(right) },
                { head: 'Wrong', cell: ({ wrong }) => thousands(wrong) }
              ]}
            />
          </Part>
          <Part id="each-answer" title="Each answer">
            <DataTable
              caption={`The newest first, ${thousands(rows.length)} of them`}
              rows={rows}
              keyOf={({ id }) => id}
              columns={[
                { head: 'When (UTC)', cell: ({ atMs }) => <Moment atMs={atMs} />, className: 'time' },
                {
                  head: 'User',
                  cell: ({ user }) =>
                    user === null ? <span className="none">erased</span> : <RecordText text={user} />,
                  className: 'name'
                },
                { head: 'We said', cell: ({ toldCause }) => causeWords(toldCause), className: 'name' },
                { head: 'She says', cell: ({ answer }) => ANSWERS[answer] },
                {
                  head: 'It was',
                  cell: ({ cause }) => (cause === null ? <span className="none">–</span> : causeWords(cause))
                },
                {
                  head: 'Words',
                  cell: ({ note }) =>
                    note === null ? <span className="none">–</span> : <RecordText text={note} />,
                  className: 'package'
                }
              ]}
            />
          </Part>
        </>
      )}
    </>
  );
}

function causeWords(cause: string): ReactElement {
  return <RecordText text={wordFor(CAUSES, cause)} />;
}
