import { UseSignal } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { REQUEST_TEXT, type Death, type Notice } from '@labkeeper/protocol';
import { useId, useState } from 'react';
import { causeWords } from '../cause-words.js';
import type { FeedbackBook, FeedbackStanding } from '../feedback-book.js';

export interface IFeedbackProps {
  readonly event: Death | Notice;
  readonly book: FeedbackBook;
  readonly trans: TranslationBundle;
}

/** "Was this right?" about one verdict; once it is answered, where the answer is. */
export function Feedback(props: IFeedbackProps): JSX.Element | null {
  const { event, book } = props;
  if (!book.asksAbout(event.verdict)) {
    return null;
  }
  return <UseSignal signal={book.changed}>{() => <Question {...props} />}</UseSignal>;
}

function Question(props: IFeedbackProps): JSX.Element {
  const { event, book, trans } = props;
  const [isWrong, setWrong] = useState(false);
  const standing = book.standing(event.id);
  return (
    <div className="lk-Feedback" role="group" aria-label={trans.__('Was this right?')}>
      {standing !== null ? (
        <p role="status">{standingWords(standing, trans)}</p>
      ) : isWrong ? (
        <Correction {...props} onCancel={() => setWrong(false)} />
      ) : (
        <>
          <span>{trans.__('Was this right?')}</span>
          <button
            type="button"
            className="lk-Button"
            onClick={() => book.give(event, { answer: 'yes', cause: null, note: '' })}
          >
            {trans.__('Yes')}
          </button>
          <button type="button" className="lk-Button" onClick={() => setWrong(true)}>
            {trans.__('No')}
          </button>
        </>
      )}
    </div>
  );
}

function Correction({
  event,
  book,
  trans,
  onCancel
}: IFeedbackProps & { readonly onCancel: () => void }): JSX.Element {
  const id = useId();
  const causes = causeWords(trans).filter(([cause]) => cause !== event.verdict.cause || cause === 'unknown');
  const [cause, setCause] = useState(causes[0]?.[0] ?? null);
  const [note, setNote] = useState('');
  return (
    <>
      <span className="lk-Feedback-field">
        <label htmlFor={`${id}cause`}>{trans.__('What was it really?')}</label>
        <select
          id={`${id}cause`}
          autoFocus
          value={cause ?? ''}
          onChange={({ target }) => setCause(causes.find(([name]) => name === target.value)?.[0] ?? null)}
        >
          {causes.map(([name, words]) => (
            <option key={name} value={name}>
              {words}
            </option>
          ))}
        </select>
      </span>
      <span className="lk-Feedback-field">
        <label htmlFor={`${id}note`}>{trans.__('Note (not required)')}</label>
        <input
          id={`${id}note`}
          className="jp-mod-styled"
          maxLength={REQUEST_TEXT}
          value={note}
          onChange={({ target }) => setNote(target.value)}
        />
      </span>
      <button
        type="button"
        className="lk-Button"
        onClick={() => book.give(event, { answer: 'no', cause, note })}
      >
        {trans.__('Send')}
      </button>
      <button type="button" className="lk-Button" onClick={onCancel}>
        {trans.__('Cancel')}
      </button>
    </>
  );
}

function standingWords(standing: FeedbackStanding, trans: TranslationBundle): string {
  switch (standing) {
    case 'sent':
      return trans.__('Thank you. Your answer is at the hub.');
    case 'waiting':
      return trans.__('Thank you. Your answer goes to the hub as soon as it answers.');
    case 'kept':
      return trans.__(
        'Thank you. Your answer is kept in this browser only, because no hub service is named.'
      );
    case 'refused':
      return trans.__('Your answer is kept in this browser only: the hub did not take it.');
  }
}
