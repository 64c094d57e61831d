import type { TranslationBundle } from '@jupyterlab/translation';
import {
  sameDetails,
  sameOutputs,
  textOf,
  type Choice,
  type IComparedRow,
  type NotebookCell
} from '@labkeeper/core';
import { fieldsOf, outputsOf } from '../../compare/version.js';
import type { CompareWords } from '../../compare/compare-words.js';
import { LineDiff } from './line-diff.js';
import { Outputs } from './outputs.js';

export interface IDifferenceProps {
  readonly kind: 'cell' | 'text' | 'metadata';
  readonly row: IComparedRow<unknown>;
  /** Counts from 1. */
  readonly number: number;
  readonly of: number;
  /** null = nothing is decided. */
  readonly choice: Choice | null;
  readonly words: CompareWords;
  readonly trans: TranslationBundle;
  readonly onChoose: (choice: Choice) => void;
}

/** One piece that differs, both versions of it, and the choice. */
export function Difference(props: IDifferenceProps): JSX.Element {
  const { kind, row, number, of, choice, words, trans } = props;
  const title = words.difference(number, of, kind, row);
  return (
    <section
      className={`lk-Compare-difference ${choice === null ? 'lk-mod-undecided' : ''}`}
      data-difference={number}
      tabIndex={-1}
      aria-label={title}
    >
      <Choices {...props} title={title} />
      {kind === 'cell' ? (
        <CellSides left={cellOf(row.left)} right={cellOf(row.right)} words={words} trans={trans} />
      ) : (
        <LineDiff left={plain(row.left)} right={plain(row.right)} trans={trans} />
      )}
    </section>
  );
}

function Choices({
  row,
  kind,
  number,
  choice,
  words,
  onChoose,
  title
}: IDifferenceProps & { title: string }): JSX.Element {
  const choices = words.choices(row, kind);
  return (
    <fieldset className="lk-Compare-choices">
      <legend className="lk-Compare-legend">{title}</legend>
      {choices.map(({ value, label }) => (
        <label key={value} className="lk-Compare-choice">
          <input
            type="radio"
            name={`lk-compare-${number}`}
            checked={choice === value}
            onChange={() => onChoose(value)}
          />
          {label}
        </label>
      ))}
    </fieldset>
  );
}

function CellSides({
  left,
  right,
  words,
  trans
}: {
  left: NotebookCell | null;
  right: NotebookCell | null;
  words: CompareWords;
  trans: TranslationBundle;
}): JSX.Element {
  const isSameSource = left && right && textOf(left['source']) === textOf(right['source']);
  const hasOutputs = [left, right].some(cell => cell && outputsOf(cell).length > 0);
  const areOutputsSame = left && right && sameOutputs(left, right);
  return (
    <>
      {isSameSource && <p className="lk-Compare-note">{trans.__('The source is the same:')}</p>}
      <LineDiff
        left={left && textOf(left['source'])}
        right={right && textOf(right['source'])}
        trans={trans}
      />
      {hasOutputs && areOutputsSame && (
        <p className="lk-Compare-note">{trans.__('The outputs are the same.')}</p>
      )}
      {hasOutputs && !areOutputsSame && (
        <>
          {left && right && <p className="lk-Compare-note">{trans.__('The outputs differ:')}</p>}
          <div className="lk-Compare-sides">
            <Outputs title={`− ${words.left}`} cell={left} trans={trans} />
            <Outputs title={`+ ${words.right}`} cell={right} trans={trans} />
          </div>
        </>
      )}
      {left && right && !sameDetails(left, right) && (
        <>
          <p className="lk-Compare-note">{trans.__('The cell’s metadata or attachments differ:')}</p>
          <LineDiff left={details(left)} right={details(right)} trans={trans} />
        </>
      )}
    </>
  );
}

function details({ metadata, attachments }: NotebookCell): string {
  const { trusted: _, ...rest } = fieldsOf(metadata);
  return `${JSON.stringify({ metadata: rest, attachments }, null, 2)}\n`;
}

function cellOf(part: unknown): NotebookCell | null {
  return part === null ? null : fieldsOf(part);
}

function plain(part: unknown): string | null {
  return part === null ? null : typeof part === 'string' ? part : `${JSON.stringify(part, null, 2)}\n`;
}
