import type { TranslationBundle } from '@jupyterlab/translation';
import type { EarlierSession, OpenDocument, Recovery } from '@labkeeper/protocol';
import type { ResumeWords } from '../resume/resume-words.js';
import { RecoveryRow, type IRecoveryRowProps } from './recoveries.js';

export interface IResumeProps extends Omit<IRecoveryRowProps, 'recovery'> {
  /** null = nothing is known of the server before, or the user has seen it. */
  readonly session: EarlierSession | null;
  readonly recoveries: readonly Recovery[];
  readonly resumeWords: ResumeWords;
  readonly trans: TranslationBundle;
  readonly onOpen: (path: string) => void;
  readonly onOpenAll: (paths: readonly string[]) => void;
  readonly onDismiss: (session: EarlierSession) => void;
}

/** What was open when the last server ended, what ran, what was saved when, and what the journal holds beyond the files. */
export function Resume(props: IResumeProps): JSX.Element {
  const { session, recoveries } = props;
  const paths = new Set(session?.documents.map(({ path }) => path));
  // What a page left on this server has nothing to do with the end of the last one.
  const isOfSession = ({ path, sameServer }: Recovery): boolean => !sameServer && paths.has(path);
  return (
    <>
      {session && <LastServer {...props} session={session} recoveries={recoveries.filter(isOfSession)} />}
      <Others {...props} recoveries={recoveries.filter(recovery => !isOfSession(recovery))} />
    </>
  );
}

function LastServer({
  session,
  recoveries,
  ...props
}: IResumeProps & { readonly session: EarlierSession }): JSX.Element {
  const { resumeWords, trans, nowMs, onOpenAll, onDismiss } = props;
  const { documents, orderly } = session;
  const isCalm = recoveries.length === 0 && orderly;
  return (
    <section className={`lk-Resume ${isCalm ? 'lk-mod-calm' : ''}`} aria-labelledby="lk-resume-title">
      <h3 className="lk-Saves-title" id="lk-resume-title">
        {trans.__('The last server')}
      </h3>
      <p>{resumeWords.ended(session, nowMs)}</p>
      {recoveries.some(({ copyPath }) => copyPath !== null) && (
        <p>
          {trans.__(
            'Where a document held more than its file, a copy with everything lies beside the original, unless it says otherwise.'
          )}
        </p>
      )}
      <p>{trans.__('These documents were open:')}</p>
      <ul className="lk-Saves-list">
        {documents.map(document => (
          <DocumentRow
            key={document.path}
            document={document}
            found={recoveries.filter(({ path }) => path === document.path)}
            {...props}
          />
        ))}
      </ul>
      <div className="lk-Saves-actions">
        <button
          type="button"
          className="lk-Button"
          onClick={() => onOpenAll(documents.map(({ path }) => path))}
        >
          {trans.__('Open all again')}
        </button>
        <button type="button" className="lk-Button" onClick={() => onDismiss(session)}>
          {trans.__('Dismiss')}
        </button>
      </div>
    </section>
  );
}

/** Documents that held more than their files, and of which it is not known that they were open when a server ended. */
function Others({ recoveries, ...props }: Omit<IResumeProps, 'session'>): JSX.Element | null {
  const { trans } = props;
  return recoveries.length === 0 ? null : (
    <section className="lk-Recoveries" aria-labelledby="lk-recoveries-title">
      <h3 className="lk-Saves-title" id="lk-recoveries-title">
        {trans.__('Recovered work')}
      </h3>
      <p>
        {trans.__(
          'These documents held more than their files when a page, a save or the last server ended. A copy of each lies beside the original, unless it says otherwise.'
        )}
      </p>
      <ul className="lk-Saves-list">
        {recoveries.map(recovery => (
          <li className="lk-Saves-row" key={recovery.id}>
            <Path path={recovery.path} {...props} />
            <RecoveryRow recovery={recovery} {...props} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function DocumentRow({
  document,
  found,
  ...props
}: Omit<IResumeProps, 'session' | 'recoveries'> & {
  document: OpenDocument;
  found: readonly Recovery[];
}): JSX.Element {
  const { resumeWords, nowMs, say } = props;
  const { path, running, savedAtMs } = document;
  return (
    <li className="lk-Saves-row">
      <Path path={path} {...props} />
      {running && (
        <span>
          {resumeWords.running(running, nowMs)} <code className="lk-Resume-line">{running.line}</code>
        </span>
      )}
      {found.length === 0 && (
        <span className="lk-Saves-when" title={savedAtMs === null ? '' : say.moment(savedAtMs)}>
          {resumeWords.saved(document, nowMs)}
        </span>
      )}
      {found.map(recovery => (
        <RecoveryRow key={recovery.id} recovery={recovery} {...props} />
      ))}
    </li>
  );
}

function Path({ path, onOpen }: { path: string; onOpen: (path: string) => void }): JSX.Element {
  return (
    <button type="button" className="lk-Link lk-Saves-path" title={path} onClick={() => onOpen(path)}>
      {path}
    </button>
  );
}
