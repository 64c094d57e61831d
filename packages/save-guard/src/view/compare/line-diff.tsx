import type { TranslationBundle } from '@jupyterlab/translation';
import { lineDiff } from '@labkeeper/core';
import { useMemo } from 'react';
import { shownLines, type ShownLine } from '../../compare/shown-lines.js';

/** Two texts line by line; side by side where there is room, else one below the other. */
export function LineDiff(props: {
  /** null = this side has none. */
  readonly left: string | null;
  readonly right: string | null;
  readonly trans: TranslationBundle;
}): JSX.Element {
  const { left, right, trans } = props;
  const lines = useMemo(() => shownLines(lineDiff(left ?? '', right ?? '')), [left, right]);
  return (
    <div className="lk-Diff">
      {lines.map((line, at) => (
        <Line key={at} line={line} trans={trans} />
      ))}
    </div>
  );
}

function Line({ line, trans }: { line: ShownLine; trans: TranslationBundle }): JSX.Element {
  switch (line.kind) {
    case 'equal':
      return (
        <>
          <code className="lk-Diff-line">{`  ${line.text}`}</code>
          <code className="lk-Diff-line lk-mod-again" aria-hidden="true">{`  ${line.text}`}</code>
        </>
      );
    case 'changed':
      return (
        <>
          <Changed text={line.left} sign="−" modifier="lk-mod-left" />
          <Changed text={line.right} sign="+" modifier="lk-mod-right" />
        </>
      );
    case 'folded':
      return (
        <span className="lk-Diff-folded">{trans._n('%1 equal line', '%1 equal lines', line.count)}</span>
      );
    case 'more':
      return (
        <span className="lk-Diff-folded">
          {trans._n('%1 more line is not shown', '%1 more lines are not shown', line.count)}
        </span>
      );
  }
}

function Changed({
  text,
  sign,
  modifier
}: {
  text: string | null;
  sign: string;
  modifier: string;
}): JSX.Element {
  return text === null ? (
    <span className="lk-Diff-line lk-mod-none" />
  ) : (
    <code className={`lk-Diff-line ${modifier}`}>
      <span className="lk-Diff-sign">{sign} </span>
      {text}
    </code>
  );
}
