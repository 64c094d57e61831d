import type { Act, HubTrust, OffboardPart, Retirement } from '@labkeeper/protocol';
import type { ReactElement } from 'react';
import type { ILogStory } from '../../store/log-reader.js';
import { machineWords, outcomeWords, PARTS } from '../act-words.js';
import { logAddress } from '../log-query.js';
import { CLASS_NAMES } from '../retention-state.js';
import type { IToldStory } from '../story.js';
import { thousands } from '../words.js';
import { DataTable } from './data-table.js';
import { type Fact, Facts, Part } from './facts.js';
import { Moment } from './moment.js';
import { RecordText } from './record-text.js';

/** Who did an act of the service, to whom, for which case and why, and what it ended or deleted; null = the record is none. */
export function ActPart({ told }: { readonly told: IToldStory }): ReactElement | null {
  const { act, story, at } = told;
  if (act === null) {
    return null;
  }
  const { subject = null } = story.act ?? {};
  return (
    <>
      <Part id="act" title="Who, and on whom">
        <Facts facts={[['Done by', by(act, told)], ...whom(act, told), ...more(act, told)]} />
        {subject !== null && (
          <p className="more">
            <a href={logAddress({ ...at, user: subject })}>All records of this person</a>
          </p>
        )}
      </Part>
      {act.parts.length > 0 && (
        <Part id="ended" title="What it ended">
          <DataTable
            caption="In the order in which it was done"
            columns={COLUMNS}
            rows={act.parts}
            keyOf={({ what }) => what}
          />
        </Part>
      )}
      {act.retired && <RetiredPart retired={act.retired} />}
      {act.trust && <TrustPart trust={act.trust} />}
    </>
  );
}

function by(act: Act, { story }: IToldStory): ReactElement | string {
  const name = story.act?.by ?? null;
  if (name !== null) {
    return <RecordText text={name} />;
  }
  return act.actor === null ? machineWords(act.action) : nameless(act.actor, story);
}

function whom(act: Act, { story }: IToldStory): readonly Fact[] {
  if (act.retired || act.trust) {
    return [];
  }
  const name = story.act?.subject ?? null;
  const person =
    act.subject === null ? (
      'everybody at this hub'
    ) : name === null ? (
      nameless(act.subject, story)
    ) : (
      <RecordText text={name} />
    );
  return [
    ['On', person],
    [
      'Case',
      act.case === null ? <span className="none">none was named</span> : <RecordText text={act.case} />
    ]
  ];
}

function more(act: Act, { story }: IToldStory): readonly Fact[] {
  const reason = story.act?.reason ?? null;
  return [
    ...(act.lifts === null ? [] : ([['Lifts', `hold ${act.lifts}`]] as const)),
    ...(act.number === null ? [] : ([['Number among the acts', `${act.number}`]] as const)),
    ...(reason === null ? [] : ([['Why', <RecordText text={reason} />]] as const)),
    ['Hub', <RecordText text={act.hub} />]
  ];
}

/** A person whose name is not there, or not for whoever reads. */
function nameless(uuid: string, { withheld }: ILogStory): ReactElement {
  return (
    <>
      {withheld === 'all' ? 'not told here' : 'erased'}, <code>{uuid.slice(0, 8)}</code>
    </>
  );
}

const COLUMNS = [
  { head: 'What', cell: ({ what }: OffboardPart) => sentenceCase(PARTS[what]) },
  { head: 'Outcome', cell: outcomeWords },
  { head: 'Ended', cell: (part: OffboardPart) => count(part, part.ended) },
  { head: 'Not ended', cell: (part: OffboardPart) => count(part, part.failed) },
  {
    head: 'Told',
    cell: ({ says }: OffboardPart) =>
      says === null ? <span className="none dash">–</span> : <RecordText text={says} />,
    className: 'wide'
  }
] as const;

/** Holds are not ended, and of browsers' sessions nobody knows how many there were. */
function count({ what, state }: OffboardPart, things: number): ReactElement | string {
  const isCounted = state === 'failed' || (what !== 'hold' && what !== 'sessions');
  return isCounted ? thousands(things) : <span className="none dash">–</span>;
}

function RetiredPart({ retired }: { readonly retired: Retirement }): ReactElement {
  const { class: name, rule, days, policy, ranges, count, digests, beforeMs } = retired;
  return (
    <Part id="retired" title="What it deleted">
      <Facts
        without="none"
        facts={[
          ['Kind', CLASS_NAMES[name]],
          [name === 'looks' ? 'Looks' : 'Records', thousands(count)],
          ['Kept for', <RecordText text={`${rule} (${thousands(days)} days)`} />],
          ['There before', <Moment atMs={beforeMs} zone />],
          ['Their numbers', ranges.length === 0 ? null : ranges.map(numbers).join(', ')],
          [
            'Digests that cover them',
            digests === null
              ? null
              : digests[0] === digests[1]
                ? `${digests[0]}`
                : `${digests[0]} to ${digests[1]}`
          ],
          ['Policy, its digest', <code>{policy}</code>]
        ]}
      />
    </Part>
  );
}

function TrustPart({ trust: { hub, changed, entry } }: { readonly trust: HubTrust }): ReactElement {
  return (
    <Part id="trust" title="What the file of hubs says">
      <Facts
        without="none: it is in the file no more"
        facts={[
          ['Hub', <RecordText text={hub} />],
          ...(changed.length === 0 ? [] : ([['Changed', <RecordText text={changed.join(', ')} />]] as const)),
          ['Its API', entry && <RecordText text={entry.apiUrl} />],
          ['Its address for people', entry && <RecordText text={entry.publicUrl} />],
          ['The service’s name there', entry && <RecordText text={entry.serviceName} />],
          ['Client of the login', entry && <RecordText text={entry.clientId} />]
        ]}
      />
    </Part>
  );
}

/** As the log's pages number records: the last one included. */
function numbers([first, end]: readonly [number, number]): string {
  return end - first === 1 ? `#${first}` : `#${first} to #${end - 1}`;
}

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
