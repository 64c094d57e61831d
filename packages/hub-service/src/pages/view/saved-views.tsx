import type { ReactElement } from 'react';
import { logAddress, type LogFields } from '../log-query.js';
import { type ISavedView, VIEW_NAME } from '../saved-views.js';
import { RecordText } from './record-text.js';

export interface ISavedViewsProps {
  readonly views: readonly ISavedView[];
  /** Whose page it is. */
  readonly reader: string;
  readonly fields: LogFields;
  /** Whether she may share views. */
  readonly mayShare: boolean;
  readonly formToken: string;
}

/** Views under their names, and a form that gives the one on the page a name. */
export function SavedViews({
  views,
  reader,
  fields,
  mayShare,
  formToken
}: ISavedViewsProps): ReactElement | null {
  const address = logAddress(fields);
  const isNamed = views.some(view => view.owner === reader && view.address === address);
  const canSave = Object.keys(fields).length > 0 && !isNamed;
  if (views.length === 0 && !canSave) {
    return null;
  }
  return (
    <section aria-label="Saved views" className="views">
      {views.length > 0 && (
        <div className="named">
          <span className="aside">Saved views:</span>
          <ul>
            {views.map(view => (
              <li key={view.id}>
                <a href={view.address} aria-current={view.address === address ? 'page' : undefined}>
                  <RecordText text={view.name} />
                </a>
                {view.owner === reader ? (
                  <form method="post" action="/views/remove">
                    <input type="hidden" name="form" value={formToken} />
                    <input type="hidden" name="view" value={view.id} />
                    <button type="submit" className="plain" aria-label={`Remove the view ${view.name}`}>
                      ✕
                    </button>
                  </form>
                ) : (
                  <span className="away">
                    {' '}
                    of <RecordText text={view.owner} />
                  </span>
                )}
              </li>
            ))}
          </ul>
        </div>
      )}
      {canSave && (
        <details>
          <summary>Save this view</summary>
          <form method="post" action="/views/save">
            <input type="hidden" name="form" value={formToken} />
            <input type="hidden" name="query" value={address.split('?', 2)[1] ?? ''} />
            <label>
              <span>Name</span>
              <input name="name" required maxLength={VIEW_NAME} autoComplete="off" />
            </label>
            {mayShare && (
              <label className="check">
                <input type="checkbox" name="shared" value="yes" /> for everybody who reads the log
              </label>
            )}
            <button type="submit">Save</button>
          </form>
        </details>
      )}
    </section>
  );
}
