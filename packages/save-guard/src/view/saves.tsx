import type { TranslationBundle } from '@jupyterlab/translation';
import { slowHomeMs, type ILight } from '@labkeeper/core';
import type { Quantities } from '@labkeeper/labkit';
import type { JournalState } from '@labkeeper/protocol';
import type { SaveWords } from '../words.js';
import { Light } from './light.js';

/** One open document in the list. */
export interface ISaveRow {
  readonly path: string;
  readonly light: ILight;
  readonly savedAtMs: number | null;
  readonly kept: string | null;
  readonly detail: string | null;
}

export interface ISavesProps {
  readonly rows: readonly ISaveRow[];
  readonly journal: JournalState | null;
  readonly nowMs: number;
  readonly words: SaveWords;
  readonly say: Quantities;
  readonly trans: TranslationBundle;
  readonly onOpen: (path: string) => void;
  readonly onSaveAll: () => void;
  readonly onCopyDetails: () => void;
}

/** The list of open documents, with what is safe and what is not. */
export function Saves(props: ISavesProps): JSX.Element {
  const { rows, trans, onSaveAll, onCopyDetails } = props;
  return (
    <div className="lk-Saves">
      <h2 className="lk-Saves-title">{trans.__('Saves')}</h2>
      <Summary {...props} />
      {rows.length === 0 ? (
        <p className="lk-Saves-empty">
          {trans.__('No document is open. Notebooks and text files that you open are listed here.')}
        </p>
      ) : (
        <>
          <ul className="lk-Saves-list">
            {rows.map((row, index) => (
              // One file may be open twice.
              <Row key={`${index} ${row.path}`} row={row} {...props} />
            ))}
          </ul>
          <div className="lk-Saves-actions">
            <button type="button" className="lk-Button" onClick={onSaveAll}>
              {trans.__('Save all now')}
            </button>
            <button type="button" className="lk-Button" onClick={onCopyDetails}>
              {trans.__('Copy details')}
            </button>
          </div>
        </>
      )}
    </div>
  );
}

function Summary({ rows, journal, words, say, trans }: ISavesProps): JSX.Element {
  const oldest = Math.max(0, ...rows.map(row => row.light.ageMs));
  return (
    <p className="lk-Saves-summary">
      {oldest < 1000
        ? trans.__('Nothing is unsafe.')
        : trans.__('The oldest work that is not safe is %1 old.', say.duration(oldest))}{' '}
      {journal === null
        ? words.reason('companion-away')
        : journal.persistent === false
          ? trans.__('Your home does not outlive this server: download what you want to keep.')
          : words.slowHome(journal.trouble === null ? slowHomeMs(journal.boundMs) : null)}
    </p>
  );
}

function Row({ row, ...props }: ISavesProps & { row: ISaveRow }): JSX.Element {
  const { words, say, trans, nowMs, onOpen } = props;
  const { path, light, savedAtMs } = row;
  const { long } = words.light(light);
  return (
    <li className="lk-Saves-row lk-mod-document">
      <Light light={light} words={words} onClick={() => onOpen(path)} />
      <button type="button" className="lk-Link lk-Saves-path" title={path} onClick={() => onOpen(path)}>
        {path}
      </button>
      <span className="lk-Saves-when">
        {savedAtMs === null
          ? trans.__('file not saved since it was opened')
          : trans.__('file saved %1', say.ago(savedAtMs, nowMs))}
      </span>
      {hasWords(light) && <span className="lk-Saves-why">{long}</span>}
    </li>
  );
}

/** Whether the light has more to say than that all is well. */
function hasWords({ level, reason }: ILight): boolean {
  return (level !== 'safe' && level !== 'saving') || (reason !== null && reason !== 'companion-away');
}
