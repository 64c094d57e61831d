import type { ReactElement } from 'react';
import { ANCHOR_NAMES, type IShownAnchor } from '../anchor-state.js';
import { counted } from '../words.js';
import { Facts, Part } from './facts.js';
import { Moment } from './moment.js';
import { RecordText } from './record-text.js';

/** What holds the digests outside this service. */
export function AnchorsPart({ anchors }: { readonly anchors: readonly IShownAnchor[] }): ReactElement {
  return (
    <Part id="anchors" title="Anchors">
      {anchors.length === 0 ? (
        <p>None: this log is consistent, not anchored.</p>
      ) : (
        anchors.map(anchor => (
          <Facts
            key={`${anchor.kind} ${anchor.place}`}
            without="none yet"
            facts={[
              [ANCHOR_NAMES[anchor.kind], <RecordText text={anchor.place} />],
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
              [
                'Last trouble',
                anchor.trouble === null ? 'none' : <RecordText text={anchor.trouble.slice(0, 500)} />
              ]
            ]}
          />
        ))
      )}
    </Part>
  );
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
