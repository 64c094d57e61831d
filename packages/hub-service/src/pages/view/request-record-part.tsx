import { parseShape, RequestWant } from '@labkeeper/protocol';
import type { ReactElement } from 'react';
import { recordedAct, requestIdOf, type IRecordedAct } from '../../requests/recorded-request.js';
import { numberOf } from '../../requests/request-number.js';
import { DEEDS, KINDS, wantWords } from '../request-words.js';
import type { IToldStory } from '../story.js';
import { wordFor } from '../words.js';
import { type Fact, Facts, Part } from './facts.js';
import { RecordText } from './record-text.js';
import { SaidText } from './said-text.js';

/** What was done with a request, by whom; null = the record is of something else, or of a message, which has a part of its own. */
export function RequestRecordPart({ told }: { readonly told: IToldStory }): ReactElement | null {
  const { record, personal, story } = told;
  if (record === null || record.message || story.row.grade !== 'hub') {
    return null;
  }
  const id = requestIdOf(record);
  const act = personal && recordedAct(personal);
  if (id === null && act === null) {
    return null;
  }
  return (
    <Part id="request" title="Request">
      <Facts
        without={story.personalErased ? 'erased' : 'not known'}
        facts={[
          ['Number', id === null ? null : <code>{numberOf(id)}</code>],
          ['What was done', act && <RecordText text={wordFor(DEEDS, act.kind)} />],
          ['By', act && (act.by === '' ? 'nobody' : <RecordText text={act.by} />)],
          ...asked(act),
          ['Words', act && (act.words === '' ? 'none' : <SaidText text={act.words} />)]
        ]}
      />
      {id !== null && <RequestLink id={id} told={told} />}
    </Part>
  );
}

/** The way from a record to its request. */
export function RequestLink({ id, told }: { readonly id: string; readonly told: IToldStory }): ReactElement {
  return told.at.hub === undefined ? (
    <p className="more">
      <a href={`/requests/${id}`}>The request, with all of its thread</a>
    </p>
  ) : (
    <p className="aside">The request itself is shown at its own hub alone.</p>
  );
}

/** A want that is longer than a line of the personal part stands there as it is. */
function asked(act: IRecordedAct | null): readonly Fact[] {
  if (act === null || act.want === null) {
    return [];
  }
  const want = parseShape(RequestWant, act.want);
  return [
    [
      'For',
      want === null ? (
        <RecordText text={act.want} />
      ) : (
        <>
          {KINDS[want.kind]}: <RecordText text={wantWords(want)} />
        </>
      )
    ]
  ];
}
