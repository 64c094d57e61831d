import type { ReactElement } from 'react';
import { RecordText } from './record-text.js';

export interface INoticePageProps {
  readonly title: string;
  readonly sentence: string;
  readonly todo?: string;
  readonly link?: { readonly href: string; readonly text: string };
}

/** One sentence, what to do, and where to go. */
export function NoticePage({ title, sentence, todo, link }: INoticePageProps): ReactElement {
  return (
    <div className="notice">
      <h1>{title}</h1>
      <p>
        <RecordText text={sentence} />
      </p>
      {todo && <p>{todo}</p>}
      {link && (
        <p>
          <a className="button" href={link.href}>
            {link.text}
          </a>
        </p>
      )}
    </div>
  );
}
