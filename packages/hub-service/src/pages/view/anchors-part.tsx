import type { ReactElement } from 'react';
import { ANCHOR_NAMES, type IShownAnchor } from '../anchor-state.js';
import { counted } from '../words.js';
import { type Fact, Facts, Part } from './facts.js';
import { Moment } from './moment.js';
import { RecordText } from './record-text.js';

/** What holds the digests outside this service. */
export function AnchorsPart({ anchors }: { readonly anchors: readonly IShownAnchor[] }): ReactElement {
  return (
    <Part id="anchors" title="Anchors">
      {anchors.length === 0 ? (
        <p>None: this log is consistent, not anchored.</p>
      ) : (
        anchors.map((anchor, at) => (
          <Facts
            key={`${anchor.kind} ${anchor.place ?? at}`}
            without="none yet"
            facts={[
              [
                ANCHOR_NAMES[anchor.kind],
                anchor.place === null ? 'at a place of the service’s' : <RecordText text={anchor.place} />
              ],
              ['Has digests up to', anchor.newest === null ? null : <Newest anchor={anchor} />],
              [
                'Waiting',
                anchor.waitingSinceMs === null ? (
                  'nothing'
                ) : (
                  <>
                    {counted(anchor.waiting, 'digest')}, since <Moment atMs={anchor.waitingSinceMs} zone />
                  </>
                )
              ],
              ...(anchor.place === null ? [] : [trouble(anchor)])
            ]}
          />
        ))
      )}
    </Part>
  );
}

function trouble({ trouble: said }: IShownAnchor): Fact {
  return ['Last trouble', said === null ? 'none' : <RecordText text={said.slice(0, 500)} />];
}

function Newest({ anchor: { newest, newestAtMs } }: { readonly anchor: IShownAnchor }): ReactElement {
  return (
    <>
      number {newest}
      {newestAtMs !== null && (
        <>
          , since <Moment atMs={newestAtMs} zone />
        </>
      )}
    </>
  );
}
