import type { ReactElement } from 'react';
import { visibleText } from '../visible-text.js';

export interface IRecordTextProps {
  readonly text: string;
}

/** A text that somebody else wrote: nothing in it is hidden, and it does not turn what stands around it. */
export function RecordText({ text }: IRecordTextProps): ReactElement {
  return (
    <bdi className="text">
      {visibleText(text).map((piece, at) =>
        piece.kind === 'text' ? (
          piece.text
        ) : (
          <span key={at} className="code-point" title="A character that would not be seen, or would mislead">
            {piece.code}
          </span>
        )
      )}
    </bdi>
  );
}
