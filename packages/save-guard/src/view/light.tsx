import type { ILight } from '@labkeeper/core';
import type { SaveWords } from '../words.js';

export interface ILightProps {
  readonly light: ILight;
  readonly words: SaveWords;
  readonly onClick: () => void;
}

/** The light of one document, in its toolbar or in the status bar. */
export function Light({ light, words, onClick }: ILightProps): JSX.Element {
  const { sign, short, long } = words.light(light);
  return (
    <button
      type="button"
      className={`lk-Light lk-mod-${light.level}`}
      title={long}
      aria-label={`${short}. ${long}`}
      onClick={onClick}
    >
      <span className="lk-Light-sign" aria-hidden="true">
        {sign}
      </span>
      <span className="lk-Light-words">{short}</span>
    </button>
  );
}
