import type { AuditMessage } from '@labkeeper/protocol';
import type { ReactElement } from 'react';
import { numberOf } from '../../requests/request-number.js';
import { saidIn } from '../../requests/said-words.js';
import type { IToldStory } from '../story.js';
import { counted } from '../words.js';
import { Facts, Part } from './facts.js';
import { RecordText } from './record-text.js';
import { RequestLink } from './request-record-part.js';
import { SaidText } from './said-text.js';

const FROM: Readonly<Record<AuditMessage['from'], string>> = {
  asker: 'who asked',
  staff: 'support, or an approver'
};

/** What was said in a request's thread; null = the record is of something else. */
export function MessagePart({ told }: { readonly told: IToldStory }): ReactElement | null {
  const { record, personal, story } = told;
  const message = record?.message;
  if (!message) {
    return null;
  }
  const said = personal && saidIn(personal);
  return (
    <Part id="message" title="Message">
      <Facts
        without={story.personalErased ? 'erased' : 'not known'}
        facts={[
          ['Request', <code>{numberOf(message.request)}</code>],
          ['From', FROM[message.from]],
          ['By', said && <RecordText text={said.by} />],
          ['Words', said && <SaidText text={said.text} />],
          ['Length', counted(message.characters, 'character')],
          ['Digest, with the salt (SHA-256)', <code>{message.digest}</code>]
        ]}
      />
      <RequestLink id={message.request} told={told} />
    </Part>
  );
}
