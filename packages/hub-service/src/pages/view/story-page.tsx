import type { ReactElement } from 'react';
import type { IToldStory } from '../story.js';
import { logAddress } from '../log-query.js';
import { counted, GAPS, thousands } from '../words.js';
import type { IEventRow } from '../../store/server-events.js';
import { ActPart } from './act-part.js';
import { EventsPart } from './events-table.js';
import { type Fact, Facts, Part } from './facts.js';
import { GradeMark } from './marks.js';
import { MessagePart } from './message-part.js';
import { Moment } from './moment.js';
import { RecordText } from './record-text.js';
import { RequestRecordPart } from './request-record-part.js';
import { RowsTable } from './rows-table.js';
import { DecisionPart, EvidencePart, ThroughPart, WhoPart } from './story-parts.js';

export interface IStoryPageProps {
  readonly told: IToldStory;
  /** What happened to her kernels; null = nothing is to be said about that. */
  readonly events: readonly IEventRow[] | null;
  /** The receipt that led here, as it was typed; absent = none did. */
  readonly receipt?: string;
}

/** One record's whole story, with what is unknown about it and what proves it. */
export function StoryPage({ told, events, receipt }: IStoryPageProps): ReactElement {
  const { story, record, graded, unknown } = told;
  const { row } = story;
  return (
    <>
      <p className="crumb">
        <a href={logAddress(told.at)}>Install log</a> › {`#${row.index}`}
      </p>
      <h1>
        <RecordText text={told.headline} />
      </h1>
      {receipt !== undefined && <Vouched receipt={receipt} seq={story.seq} />}
      <p className="lead">
        <GradeMark grade={row.grade} />. {graded.reason}
      </p>
      <Part id="what" title="What happened">
        <p>{told.did}</p>
        {record?.gap && <p>{GAPS[record.gap.cause]}</p>}
        <Facts
          facts={[
            ['Received by the hub', <Moment atMs={row.receivedAtMs} zone />],
            ...happened(told),
            ...(record?.gap
              ? ([
                  [
                    'Missing since',
                    record.gap.sinceMs === null ? null : <Moment atMs={record.gap.sinceMs} zone />
                  ],
                  ['Missing records', record.gap.count === null ? null : thousands(record.gap.count)]
                ] as const)
              : [])
          ]}
        />
      </Part>
      <MessagePart told={told} />
      <RequestRecordPart told={told} />
      {told.act ? <ActPart told={told} /> : <WhoPart told={told} />}
      <ThroughPart told={told} />
      <DecisionPart told={told} />
      <EvidencePart told={told} />
      {events && <EventsPart rows={events} at={told.at} />}
      <Part id="unknown" title="What is not known">
        {unknown.length === 0 ? (
          <p>Nothing that a record of this kind can tell is missing.</p>
        ) : (
          <ul>
            {unknown.map(sentence => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        )}
      </Part>
      <Part id="proof" title="The line of the log">
        <Facts
          facts={[
            ['Index', thousands(row.index)],
            ['Hub', <RecordText text={row.hub} />],
            ['Stream', <code>{story.stream}</code>],
            ['Place in the stream', thousands(story.seq)],
            [
              'Digest',
              story.digest === null ? 'not yet covered by a digest' : `covered by digest ${story.digest}`
            ],
            ['Receipt up to here', told.receipt === null ? null : <code>{told.receipt}</code>],
            ['Leaf (SHA-256)', <code>{told.leaf}</code>],
            [
              'Link that stays',
              <a href={told.link}>
                <RecordText text={told.link} />
              </a>
            ]
          ]}
        />
        <h3 id="line">Exact line</h3>
        <pre tabIndex={0} role="region" aria-labelledby="line">
          <RecordText text={story.entry} />
        </pre>
        {story.personal !== null && (
          <>
            <h3 id="personal-line">Exact personal part</h3>
            <pre tabIndex={0} role="region" aria-labelledby="personal-line">
              <RecordText text={story.personal} />
            </pre>
          </>
        )}
      </Part>
      <Part id="near" title="Before and after it">
        <RowsTable
          caption="The same stream around this record, the oldest first"
          rows={story.neighbours.some(({ index }) => index === row.index) ? story.neighbours : around(told)}
          current={row.index}
        />
      </Part>
    </>
  );
}

/** What a receipt that somebody has is worth. */
function Vouched({ receipt, seq }: { readonly receipt: string; readonly seq: number }): ReactElement {
  return (
    <p className="aside" role="status">
      The receipt <RecordText text={receipt} /> vouches for this record
      {seq === 1
        ? ', the first of its stream'
        : ` and the ${counted(seq - 1, 'record')} before it in its stream`}
      : the hash that it names is this record’s, and each record holds the hash of the one before it.
    </p>
  );
}

/** What the service itself writes has the time of the hub. */
function happened({ record, act, story }: IToldStory): readonly Fact[] {
  const atMs = act?.atMs ?? record?.occurredAtMs;
  const at = atMs === undefined ? null : <Moment atMs={atMs} zone />;
  return act || story.row.grade === 'hub'
    ? [["Happened, by the hub's clock", at]]
    : [
        ["Happened, by the container's clock", at],
        ["Seen, by the container's clock", record && <Moment atMs={record.observedAtMs} zone />]
      ];
}

/** The neighbours with the record itself at its place. */
function around({ story }: IToldStory): IToldStory['story']['neighbours'] {
  return [...story.neighbours, story.row].sort((a, b) => a.index - b.index);
}
