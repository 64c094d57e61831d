import type { ReactElement } from 'react';
import { RecordText } from './record-text.js';

/** What somebody wrote: a text that may have more than one line. */
export function SaidText({ text }: { readonly text: string }): ReactElement {
  return (
    <>
      {text.split(/\r?\n/).map((line, at) => (
        <div key={at} className="said">
          <RecordText text={line} />
        </div>
      ))}
    </>
  );
}
