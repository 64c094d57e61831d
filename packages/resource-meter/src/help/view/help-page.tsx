import type { TranslationBundle } from '@jupyterlab/translation';
import type { CompanionState, Quantities } from '@labkeeper/labkit';
import { REQUEST_TEXT, type RequestsKnown, type RequestStory } from '@labkeeper/protocol';
import { useId, useState } from 'react';
import { excessOf, withItem, type IDraftItem, type IHelpDraft } from '../help-draft.js';
import { OwnRequests, type IRequestDeeds } from './own-requests.js';

/** About so many characters are in a line of a text. */
const COLUMNS = 60;

export interface IHelpPageProps {
  readonly link: CompanionState;
  /** Why there is no connection. */
  readonly reason: string;
  readonly draft: IHelpDraft;
  /** Another one: the draft was replaced from outside. */
  readonly draftNumber: number;
  /** The facts are being put together. */
  readonly isReading: boolean;
  /** Changes the draft as it is by now. @returns what it became. */
  readonly onEdit: (change: (before: IHelpDraft) => IHelpDraft) => IHelpDraft;
  /** Own requests; null = not known yet. */
  readonly known: RequestsKnown | null;
  readonly stories: ReadonlyMap<string, RequestStory>;
  readonly nowMs: number;
  /** Each gives one translated sentence about what came of it. */
  readonly deeds: IRequestDeeds & {
    send(): Promise<string>;
    copy(): Promise<string>;
    save(): string;
    /** Puts the facts together anew. */
    renew(): void;
  };
  readonly say: Quantities;
  readonly trans: TranslationBundle;
}

/** The page "Get help": what goes to support, to be trimmed, and what became of earlier requests. */
export function HelpPage(props: IHelpPageProps): JSX.Element {
  const { link, reason, known, isReading, deeds, trans } = props;
  const { draft, edit } = useDraft(props);
  const id = useId();
  const [outcome, setOutcome] = useState('');
  const [isSending, setSending] = useState(false);
  const hasHub = known !== null && known.hub !== 'none';
  const excess = excessOf(draft);
  // Facts that come at the moment of the click would not have been seen.
  const isBusy = isSending || isReading;
  const canSend = hasHub && link === 'connected' && !isBusy && draft.note.trim() !== '' && excess === 0;
  const send = async (): Promise<void> => {
    setSending(true);
    setOutcome(trans.__('Sending…'));
    setOutcome(await deeds.send());
    setSending(false);
  };
  return (
    <article className="lk-Help">
      <h1>{trans.__('Get help')}</h1>
      {link !== 'connected' && (
        <p className="lk-Banner lk-mod-away" role="status">
          {reason || trans.__('The companion is being asked.')}
        </p>
      )}
      <label className="lk-Help-label" htmlFor={`${id}note`}>
        {trans.__('What do you need help with?')}
      </label>
      <textarea
        id={`${id}note`}
        className="lk-Help-note jp-mod-styled"
        rows={4}
        maxLength={REQUEST_TEXT}
        value={draft.note}
        onChange={({ target }) => edit(before => ({ ...before, note: target.value }))}
      />
      <p>
        {trans.__(
          'These facts go with it. Untick what should not, and change what you like: nothing else is sent.'
        )}
      </p>
      {isReading && <p role="status">{trans.__('Reading…')}</p>}
      {draft.sections.map(({ title, items }, section) => (
        <fieldset key={title} className="lk-Help-section">
          <legend>{title}</legend>
          {items.map((item, at) => (
            <Item
              key={at}
              item={item}
              trans={trans}
              onChange={change => edit(before => withItem(before, section, at, change))}
            />
          ))}
        </fieldset>
      ))}
      {excess > 0 && (
        <p className="lk-Banner lk-mod-away" role="alert">
          {trans.__('This is too long by %1 characters. Untick or shorten something.', excess)}
        </p>
      )}
      <div className="lk-Help-buttons">
        <button
          type="button"
          className="jp-mod-styled jp-mod-accept"
          disabled={!canSend}
          onClick={() => void send()}
        >
          {trans.__('Send to support')}
        </button>
        <button type="button" className="jp-mod-styled" onClick={() => void deeds.copy().then(setOutcome)}>
          {trans.__('Copy')}
        </button>
        <button type="button" className="jp-mod-styled" onClick={() => setOutcome(deeds.save())}>
          {trans.__('Save as file')}
        </button>
        <button type="button" className="jp-mod-styled" onClick={deeds.renew}>
          {trans.__('Read the facts again')}
        </button>
      </div>
      <p role="status" className="lk-Help-outcome">
        {outcome}
      </p>
      {!hasHub && link === 'connected' && (
        <p className="lk-Note">
          {known === null
            ? trans.__('Whether support can be reached from here is not known yet. Copy and Save work.')
            : trans.__(
                'No hub service is named, so nothing can be sent from here. Copy it, or save it as a file, and give it to your support yourself.'
              )}
        </p>
      )}
      {hasHub && <OwnRequests {...props} known={known} />}
    </article>
  );
}

/** The draft while it is edited: drawn at once, or the cursor would jump in what is typed. */
function useDraft({ draft: given, draftNumber, onEdit }: IHelpPageProps): {
  readonly draft: IHelpDraft;
  readonly edit: (change: (before: IHelpDraft) => IHelpDraft) => void;
} {
  const [drawn, setDrawn] = useState({ draft: given, draftNumber });
  const edit = (change: (before: IHelpDraft) => IHelpDraft): void =>
    setDrawn({ draft: onEdit(change), draftNumber });
  return { draft: drawn.draftNumber === draftNumber ? drawn.draft : given, edit };
}

function Item(props: {
  readonly item: IDraftItem;
  readonly onChange: (change: Partial<IDraftItem>) => void;
  readonly trans: TranslationBundle;
}): JSX.Element {
  const { item, onChange, trans } = props;
  const { label, text, isIn } = item;
  return (
    <div className={`lk-Help-item${isIn ? '' : ' lk-mod-out'}`}>
      <label>
        <input type="checkbox" checked={isIn} onChange={({ target }) => onChange({ isIn: target.checked })} />{' '}
        {label}
      </label>
      <textarea
        className="jp-mod-styled"
        aria-label={trans.__('%1: text', label)}
        rows={Math.min(12, Math.max(text.split('\n').length, Math.ceil(text.length / COLUMNS)))}
        maxLength={REQUEST_TEXT}
        disabled={!isIn}
        value={text}
        onChange={event => onChange({ text: event.target.value })}
      />
    </div>
  );
}
