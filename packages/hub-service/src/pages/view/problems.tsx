import type { ReactElement } from 'react';

/** What cannot be asked, a sentence each; nothing where there are none. */
export function Problems({ problems }: { readonly problems: readonly string[] }): ReactElement | null {
  return problems.length === 0 ? null : (
    <div className="problems" role="alert">
      {problems.map(problem => (
        <p key={problem}>{problem}</p>
      ))}
      <p>Nothing was looked up.</p>
    </div>
  );
}
