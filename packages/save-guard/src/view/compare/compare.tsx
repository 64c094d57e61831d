import type { TranslationBundle } from '@jupyterlab/translation';
import type { Choice, IComparedRow, NotebookCell } from '@labkeeper/core';
import { useEffect, useRef, useState, type RefObject } from 'react';
import type { CompareModel } from '../../compare/compare-model.js';
import type { CompareWords } from '../../compare/compare-words.js';
import { METADATA, rowOf, type Comparison } from '../../compare/comparison.js';
import { Difference } from './difference.js';
import { EqualRows } from './equal-rows.js';
import { Outcome } from './outcome.js';

export interface ICompareProps {
  readonly model: CompareModel;
  readonly path: string;
  readonly otherPath: string;
  readonly words: CompareWords;
  readonly trans: TranslationBundle;
  readonly onSideBySide: () => void;
  /** What becomes of the other version, after the result is saved. */
  readonly onOther: (decision: 'keep' | 'delete') => void;
}

/** Differences that are drawn at once; the next ones on demand. */
const DRAWN = 50;
const BY_KEY: Readonly<Record<string, Choice>> = { '1': 'left', '2': 'right', '3': 'both' };

/** Two versions of a document, and the choice between them piece by piece. */
export function Compare(props: ICompareProps): JSX.Element {
  const { model, path, otherPath, words, trans, onSideBySide } = props;
  const { phase } = model;
  const isChoosing = phase.kind === 'choosing' || phase.kind === 'saving';
  return (
    <div className="lk-Compare">
      <div className="lk-Compare-head">
        <h2 className="lk-Compare-title">{trans.__('Compare %1', path)}</h2>
        <p className="lk-Compare-note">{trans.__('The other version: %1', otherPath)}</p>
      </div>
      {phase.kind === 'loading' && <p role="status">{trans.__('Both versions are being read…')}</p>}
      {phase.kind === 'refused' && (
        <div role="alert">
          <p>{words.refusal(phase.why)}</p>
          <div className="lk-Compare-buttons">
            <button type="button" className="lk-Button" onClick={onSideBySide}>
              {trans.__('Open side by side')}
            </button>
            <button type="button" className="lk-Button" onClick={() => void model.load()}>
              {trans.__('Try again')}
            </button>
          </div>
        </div>
      )}
      {isChoosing && <Choosing {...props} comparison={phase.comparison} />}
      {(phase.kind === 'saved' || phase.kind === 'unsaved') && <Outcome {...props} kind={phase.kind} />}
    </div>
  );
}

function Choosing({ comparison, ...props }: ICompareProps & { comparison: Comparison }): JSX.Element {
  const { model, words } = props;
  const [drawn, setDrawn] = useState(DRAWN);
  const [current, setCurrent] = useState(0);
  const root = useRef<HTMLDivElement>(null);
  const { differences, choices, phase } = model;
  const goTo = (number: number): void => {
    const to = Math.min(Math.max(number, 1), differences.length);
    setDrawn(Math.max(drawn, Math.ceil(to / DRAWN) * DRAWN));
    setCurrent(to);
    // After it has been drawn.
    requestAnimationFrame(() => focusDifference(root, to));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    const key = event.key.toLowerCase();
    const choice = BY_KEY[key];
    const at = differences[current - 1];
    if (key === 'n' || key === 'p') {
      goTo(current + (key === 'n' ? 1 : -1));
    } else if (choice !== undefined && at !== undefined && isOffered(props, comparison, at, choice)) {
      model.choose(at, choice);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  useEffect(() => {
    // The tab itself has the focus when it was opened.
    const tab = root.current?.closest<HTMLElement>('.lk-CompareWidget');
    tab?.addEventListener('keydown', onKeyDown);
    return () => tab?.removeEventListener('keydown', onKeyDown);
  });
  return (
    <div
      ref={root}
      className={`lk-Compare-choosing ${phase.kind === 'saving' ? 'lk-mod-saving' : ''}`}
      onFocus={event => setCurrent(numberAt(event.target) ?? current)}
    >
      <Bar {...props} comparison={comparison} current={current} goTo={goTo} />
      {differences.length > 0 && (
        <div className="lk-Compare-sides lk-Compare-headings" aria-hidden="true">
          <span>− {words.left}</span>
          <span>+ {words.right}</span>
        </div>
      )}
      <Rows {...props} comparison={comparison} drawn={drawn} choices={choices} />
      {differences.length > drawn && (
        <button type="button" className="lk-Button" onClick={() => setDrawn(drawn + DRAWN)}>
          {props.trans.__('Show more differences')}
        </button>
      )}
    </div>
  );
}

function Bar({
  model,
  words,
  trans,
  comparison,
  current,
  goTo
}: ICompareProps & {
  comparison: Comparison;
  current: number;
  goTo: (number: number) => void;
}): JSX.Element {
  const { differences, undecided, phase } = model;
  const count = differences.length;
  const isSaving = phase.kind === 'saving';
  return (
    <div className="lk-Compare-bar">
      <p className="lk-Compare-count" role="status">
        {count === 0
          ? words.same(comparison.kind)
          : trans._n('%1 difference, %2 undecided', '%1 differences, %2 undecided', count, undecided)}
        {isSaving && ` ${trans.__('Saving…')}`}
      </p>
      {phase.kind === 'choosing' && phase.trouble !== null && (
        <p className="lk-Compare-trouble" role="alert">
          {words.trouble(phase.trouble)}
        </p>
      )}
      <div className="lk-Compare-buttons">
        {count > 0 && (
          <>
            <button
              type="button"
              className="lk-Button"
              onClick={() => goTo(current - 1)}
              aria-keyshortcuts="p"
            >
              {trans.__('Previous')}
            </button>
            <button
              type="button"
              className="lk-Button"
              onClick={() => goTo(current + 1)}
              aria-keyshortcuts="n"
            >
              {trans.__('Next')}
            </button>
            <button type="button" className="lk-Button" onClick={() => model.takeAll('left')}>
              {trans.__('Take all of this document')}
            </button>
            <button type="button" className="lk-Button" onClick={() => model.takeAll('right')}>
              {trans.__('Take all of the other version')}
            </button>
          </>
        )}
        <button
          type="button"
          className="lk-Button lk-mod-accept"
          disabled={undecided > 0 || isSaving}
          onClick={() => void model.save()}
        >
          {trans.__('Save the result')}
        </button>
      </div>
      {count > 0 && (
        <p className="lk-Compare-note">
          {trans.__(
            'Keys: N next and P previous difference; 1 this document, 2 the other version, 3 both. The result goes into the document, where it can be undone.'
          )}
        </p>
      )}
    </div>
  );
}

function Rows({
  comparison,
  drawn,
  choices,
  ...props
}: ICompareProps & {
  comparison: Comparison;
  drawn: number;
  choices: ReadonlyMap<number, Choice>;
}): JSX.Element {
  const { model, words, trans } = props;
  const { differences } = model;
  const pieces: JSX.Element[] = [];
  let equalFrom = 0;
  const equal = (to: number): void => {
    if (to > equalFrom) {
      const rows: readonly IComparedRow<NotebookCell | string>[] = comparison.rows;
      pieces.push(<EqualRows key={`equal ${equalFrom}`} rows={rows.slice(equalFrom, to)} trans={trans} />);
    }
  };
  differences.slice(0, drawn).forEach((at, place) => {
    const row = rowOf(comparison, at);
    if (at !== METADATA) {
      equal(at);
      equalFrom = at + 1;
    }
    if (row) {
      pieces.push(
        <Difference
          key={`difference ${at}`}
          kind={at === METADATA ? 'metadata' : comparison.kind === 'notebook' ? 'cell' : 'text'}
          number={place + 1}
          of={differences.length}
          choice={choices.get(at) ?? null}
          {...{ row, words, trans }}
          onChoose={choice => model.choose(at, choice)}
        />
      );
    }
  });
  if (differences.length <= drawn) {
    equal(comparison.rows.length);
  }
  return <>{pieces}</>;
}

function isOffered({ words }: ICompareProps, comparison: Comparison, at: number, choice: Choice): boolean {
  const row = rowOf(comparison, at);
  const kind = at === METADATA ? 'metadata' : 'cell';
  return row !== null && words.choices(row, kind).some(({ value }) => value === choice);
}

function focusDifference(root: RefObject<HTMLElement>, number: number): void {
  const found = root.current?.querySelector<HTMLElement>(`[data-difference="${number}"]`);
  found?.focus({ preventScroll: true });
  found?.scrollIntoView({ block: 'nearest' });
}

function numberAt(target: EventTarget): number | null {
  const found = target instanceof Element ? target.closest<HTMLElement>('[data-difference]') : null;
  return found ? Number(found.dataset['difference']) : null;
}
