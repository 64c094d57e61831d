import type { ReactElement } from 'react';
import type { IOutgoingState } from '../../outgoing/outgoing-state.js';
import type { IPeopleSettings } from '../../people/people-settings.js';
import type { IHubState } from '../../hubs/hub-state.js';
import type { IShownPartitions } from '../../partitions/partition-keeper.js';
import { STATUS_CAP, type ILogStatus } from '../../store/log-reader.js';
import type { IRetentionShown } from '../../store/shown-retention.js';
import type { IShownAnchor } from '../anchor-state.js';
import { strayWords } from '../partition-advice.js';
import type { IAdvice } from '../service-state.js';
import { counted, thousands } from '../words.js';
import { AnchorsPart } from './anchors-part.js';
import { Facts, Part } from './facts.js';
import { HubsPart } from './hubs-part.js';
import { Moment } from './moment.js';
import { OutgoingPart } from './outgoing-part.js';
import { RecordText } from './record-text.js';
import { RetentionPart } from './retention-part.js';

export interface IStatusPageProps {
  readonly status: ILogStatus;
  readonly settings: IPeopleSettings;
  readonly advice: readonly IAdvice[];
  /** null = this page does not tell. */
  readonly anchors: readonly IShownAnchor[] | null;
  /** null = there is one. */
  readonly hubs: readonly IHubState[] | null;
  /** Whether records and streams of one hub alone are counted. */
  readonly isOneHub: boolean;
  /** Who of other hubs may read this hub's records, each as `name@hub`. */
  readonly readers: readonly string[];
  /** null = the log is not kept by months. */
  readonly months: IShownPartitions | null;
  readonly nowMs: number;
  /** null = nothing goes out here. */
  readonly outgoing: IOutgoingState | null;
  /** null = this page does not tell. */
  readonly retention: IRetentionShown | null;
  /** Of an administrator; null = of somebody else. */
  readonly formToken: string | null;
}

/** What is connected, what is not as it should be, and what to do. */
export function StatusPage({
  status,
  settings,
  advice,
  anchors,
  hubs,
  isOneHub,
  readers,
  months,
  nowMs,
  outgoing,
  retention,
  formToken
}: IStatusPageProps): ReactElement {
  return (
    <>
      <h1>Status</h1>
      <Part id="todo" title="What to do">
        {advice.length === 0 ? (
          <p>
            <span className="mark effect-allow">
              <span aria-hidden="true">✓</span> Nothing
            </span>
            : records arrive, and what is known here is as it should be.
          </p>
        ) : (
          <ul>
            {advice.map(({ sentence, todo }, at) => (
              <li key={at}>
                <strong>{sentence}</strong> {todo}
              </li>
            ))}
          </ul>
        )}
      </Part>
      <Part id="log" title="The log">
        <Facts
          without="none yet"
          facts={[
            [
              isOneHub ? 'Records of this hub' : 'Records',
              isOneHub && status.records >= STATUS_CAP
                ? `${thousands(STATUS_CAP)} or more`
                : thousands(status.records)
            ],
            ['Newest record', status.newestMs === null ? null : <Moment atMs={status.newestMs} zone />],
            [
              'Live streams',
              `${counted(status.liveStreams, 'stream')} sent something in the last ten minutes`
            ],
            [isOneHub ? 'Digests, of all hubs' : 'Digests', thousands(status.digests)],
            [
              'Not yet covered',
              status.uncovered === 0
                ? 'every record is covered by a digest'
                : `${counted(status.uncovered, 'record')}; the next digest covers them`
            ],
            ...(readers.length === 0
              ? []
              : ([['Also read from other hubs by', <RecordText text={readers.join(', ')} />]] as const)),
            ...(months === null
              ? []
              : ([
                  ['Months are made until', <Moment atMs={months.madeUntilMs} zone />],
                  ['In no month', strayWords(months.strays)]
                ] as const))
          ]}
        />
      </Part>
      {hubs && <HubsPart hubs={hubs} />}
      {outgoing && <OutgoingPart state={outgoing} formToken={formToken} />}
      {anchors && <AnchorsPart anchors={anchors} />}
      {retention && <RetentionPart retention={retention} />}
      <Part id="pages" title="These pages">
        <Facts
          facts={[
            ['Host', <RecordText text={`${settings.origin}, the pages' own`} />],
            [
              'Sessions',
              settings.secure
                ? 'cookies of this host only (__Host-), by https'
                : 'cookies without https, for trying out'
            ],
            ['Hub', <RecordText text={`${settings.hub} at ${settings.hubUrl}`} />],
            ["The service's clock", <Moment atMs={nowMs} zone />]
          ]}
        />
      </Part>
      <nav aria-label="This page" className="pager">
        <a href="/status">Refresh</a>
      </nav>
    </>
  );
}
