import { useState } from 'react';
import type { ExplanationAction } from '../explanation.js';
import type { Speech } from '../speech.js';

export interface IActionsProps {
  readonly actions: readonly ExplanationAction[];
  /** The admin's page about deaths, http or https; null = none. */
  readonly runbookUrl: string | null;
  readonly speech: Speech;
  /** @returns one translated sentence that says what came of it. */
  readonly onAction: (action: ExplanationAction) => Promise<string>;
  /** @returns one translated sentence that says whether the text is in the clipboard. */
  readonly onCopy: () => Promise<string>;
  /** Opens the page "Get help". */
  readonly onHelp: () => void;
}

/** The buttons beside "OK", none of which closes the dialog. */
export function Actions({
  actions,
  runbookUrl,
  speech,
  onAction,
  onCopy,
  onHelp
}: IActionsProps): JSX.Element {
  const { trans } = speech;
  const [outcome, setOutcome] = useState('');
  const [done, setDone] = useState<ReadonlySet<string>>(new Set());
  const [asked, setAsked] = useState<string | null>(null);
  const say = (sentence: Promise<string>): void => {
    void sentence.then(setOutcome);
  };
  const press = (action: ExplanationAction): void => {
    const key = keyOf(action);
    // Variables are lost for good, so the same button asks once more; another dialog could not open above this one.
    if (action.kind === 'shut-down' && asked !== key) {
      setAsked(key);
      return;
    }
    setAsked(null);
    setDone(new Set([...done, key]));
    say(onAction(action));
  };
  return (
    <div className="lk-Actions">
      <div className="lk-Actions-buttons">
        {actions.map(action => {
          const key = keyOf(action);
          const sure = asked === key;
          return (
            <button
              type="button"
              key={key}
              className={`jp-mod-styled lk-Actions-button${sure ? ' jp-mod-warn' : ''}`}
              disabled={done.has(key)}
              title={captionOf(action, speech)}
              onClick={() => press(action)}
            >
              {labelOf(action, sure, speech)}
            </button>
          );
        })}
        {runbookUrl !== null && (
          <a className="lk-Actions-runbook" href={runbookUrl} target="_blank" rel="noopener noreferrer">
            {trans.__('Runbook ↗')}
          </a>
        )}
        <button type="button" className="jp-mod-styled lk-Actions-button" onClick={() => say(onCopy())}>
          {trans.__('Copy details')}
        </button>
        <button type="button" className="jp-mod-styled lk-Actions-button" onClick={onHelp}>
          {trans.__('Get help…')}
        </button>
      </div>
      <div className="lk-Actions-outcome" role="status">
        {outcome}
      </div>
    </div>
  );
}

function keyOf(action: ExplanationAction): string {
  return action.kind === 'start' ? 'start' : `${action.kind} ${action.kernelId}`;
}

function labelOf(action: ExplanationAction, sure: boolean, { trans, quantities }: Speech): string {
  switch (action.kind) {
    case 'shut-down':
      return sure
        ? trans.__('Shut down %1 and lose its variables', action.title)
        : trans.__('Shut down %1 (frees %2)', action.title, quantities.bytes(action.bytes));
    case 'interrupt':
      return trans.__('Interrupt %1', action.title);
    case 'start':
      return trans.__('Start kernel');
  }
}

function captionOf(action: ExplanationAction, { trans }: Speech): string {
  switch (action.kind) {
    case 'shut-down':
      return trans.__('Ends the kernel of %1; its variables are lost.', action.title);
    case 'interrupt':
      return trans.__('Stops the running cell of %1; its variables stay.', action.title);
    case 'start':
      return trans.__('Starts a new kernel for this document.');
  }
}
