import type { TranslationBundle } from '@jupyterlab/translation';
import type { CompanionState, Quantities } from '@labkeeper/labkit';
import {
  REQUEST_TEXT,
  type RequestStory,
  type RequestsKnown,
  type RequestSummary
} from '@labkeeper/protocol';
import { useEffect, useId, useState } from 'react';
import { numberOf, stateWords, titleOf } from '../request-words.js';

/** What came of an answer to support. */
export interface IAnswered {
  readonly isDone: boolean;
  /** One translated sentence about it. */
  readonly words: string;
}

/** What can be done with own requests. Each gives one translated sentence about what came of it. */
export interface IRequestDeeds {
  /** '' = it is among the stories. */
  read(id: string): Promise<string>;
  withdraw(request: RequestSummary): Promise<string>;
  answer(id: string, text: string): Promise<IAnswered>;
}

export interface IOwnRequestsProps {
  readonly link: CompanionState;
  readonly known: RequestsKnown;
  readonly stories: ReadonlyMap<string, RequestStory>;
  readonly nowMs: number;
  readonly deeds: IRequestDeeds;
  readonly say: Quantities;
  readonly trans: TranslationBundle;
}

/** The own requests, newest first, with the answers of support. */
export function OwnRequests(props: IOwnRequestsProps): JSX.Element {
  const { known, trans } = props;
  const { requests, hub, isCut } = known;
  return (
    <section className="lk-Requests">
      <h2>{trans.__('Your requests')}</h2>
      {hub === 'failed' && (
        <p className="lk-Banner lk-mod-away" role="status">
          {trans.__('The hub does not answer now. It is asked again by itself.')}
        </p>
      )}
      {requests.length === 0 ? (
        <p className="lk-Note">
          {hub === 'asking'
            ? trans.__('The hub is being asked.')
            : trans.__('You have asked for nothing yet. What you send is listed here, with the answers.')}
        </p>
      ) : (
        <ul className="lk-Requests-list">
          {requests.map(request => (
            <Row key={request.id} {...props} request={request} />
          ))}
        </ul>
      )}
      {isCut && <p className="lk-Note">{trans.__('Older requests are kept, and not listed here.')}</p>}
    </section>
  );
}

function Row(props: IOwnRequestsProps & { readonly request: RequestSummary }): JSX.Element {
  const { request, link, known, stories, nowMs, deeds, say, trans } = props;
  const story = stories.get(request.id);
  const [isOpen, setOpen] = useState(false);
  const [unread, setUnread] = useState('');
  const [isSure, setSure] = useState(false);
  const [outcome, setOutcome] = useState('');
  const canRead = link === 'connected' && known.hub === 'read';
  // Read when it is opened, when something is new in it, and when the hub is back.
  useEffect(() => {
    if (isOpen && (canRead || story === undefined)) {
      setUnread('');
      void deeds.read(request.id).then(setUnread);
    }
  }, [isOpen, canRead, request.version, request.changedAtMs]);
  const withdraw = (): void => {
    // A request that is taken back stays so: the same button asks once more.
    if (!isSure) {
      setSure(true);
      return;
    }
    setSure(false);
    void deeds.withdraw(request).then(setOutcome);
  };
  return (
    <li className="lk-Requests-row" data-state={request.state}>
      <span className="lk-Requests-title">{titleOf(request, trans)}</span>
      <time dateTime={isoTime(request.changedAtMs)} title={say.moment(request.changedAtMs)}>
        {say.clock(request.changedAtMs, nowMs)}
      </time>
      <span className="lk-Requests-state">
        {trans.__('Request %1', numberOf(request.id))} · {stateWords(request, trans)}
      </span>
      {request.decision !== null && request.decision.reason !== '' && (
        <span className="lk-Requests-said">
          {trans.__('%1: %2', request.decision.by, request.decision.reason)}
        </span>
      )}
      <span className="lk-Requests-buttons">
        <button type="button" className="lk-Button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? trans.__('Close') : trans._n('Show (%1 message)', 'Show (%1 messages)', request.messages)}
        </button>
        {request.state === 'requested' && (
          <button type="button" className="lk-Button" onClick={withdraw}>
            {isSure ? trans.__('Withdraw it for good') : trans.__('Withdraw')}
          </button>
        )}
      </span>
      {outcome !== '' && <span role="status">{outcome}</span>}
      {isOpen &&
        (story ? <Story {...props} story={story} /> : <p role="status">{unread || trans.__('Reading…')}</p>)}
    </li>
  );
}

function Story(props: IOwnRequestsProps & { readonly story: RequestStory }): JSX.Element {
  const { story, nowMs, deeds, say, trans } = props;
  const id = useId();
  const [text, setText] = useState('');
  const [outcome, setOutcome] = useState('');
  const answer = async (): Promise<void> => {
    const { isDone, words } = await deeds.answer(story.id, text);
    setOutcome(words);
    if (isDone) {
      // What was written meanwhile was not sent.
      setText(now => (now === text ? '' : now));
      await deeds.read(story.id);
    }
  };
  return (
    <div className="lk-Requests-story">
      <p className="lk-Requests-said">{story.reason}</p>
      <ol className="lk-Requests-thread">
        {story.thread.map(message => (
          <li key={message.id} className={message.from === 'staff' ? 'lk-mod-staff' : ''}>
            <b>{message.from === 'staff' ? trans.__('Support (%1)', message.by) : trans.__('You')}</b>{' '}
            <time title={say.moment(message.atMs)}>{say.clock(message.atMs, nowMs)}</time>
            <p className="lk-Requests-said">{message.text}</p>
          </li>
        ))}
      </ol>
      <label htmlFor={`${id}answer`}>{trans.__('Your answer')}</label>
      <textarea
        id={`${id}answer`}
        className="jp-mod-styled"
        rows={2}
        maxLength={REQUEST_TEXT}
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <button type="button" className="lk-Button" disabled={text.trim() === ''} onClick={() => void answer()}>
        {trans.__('Send answer')}
      </button>
      <span role="status">{outcome}</span>
    </div>
  );
}

/** A clock can say anything, also what no calendar has. */
function isoTime(atMs: number): string | undefined {
  const date = new Date(atMs);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
