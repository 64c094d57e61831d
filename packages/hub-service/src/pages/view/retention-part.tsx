import type { ReactElement } from 'react';
import type { IClassState } from '../../store/retention-states.js';
import type { IRetentionShown } from '../../store/shown-retention.js';
import { CLASS_NAMES, daysWord, waitingWord } from '../retention-state.js';
import { counted } from '../words.js';
import { Facts, Part } from './facts.js';
import { Moment } from './moment.js';

/** How long what is kept, and what is deleted. */
export function RetentionPart({ retention }: { readonly retention: IRetentionShown }): ReactElement {
  const { classes, clock, deleted } = retention;
  return (
    <Part id="retention" title="Kept for how long">
      <Facts
        facts={[
          ...classes.map(state => [capital(CLASS_NAMES[state.class]), periodText(state, retention)] as const),
          ['Holds, erasures, deletions', 'always: acts are never deleted'],
          ['Deleted so far', deleted === 0 ? 'no record' : counted(deleted, 'record')],
          ['Looked last', clock && <Moment atMs={clock.lastMs} zone />]
        ]}
      />
    </Part>
  );
}

function periodText(state: IClassState, { clock, policy }: IRetentionShown): string {
  const { inForceDays, wantedSinceMs } = state;
  if (wantedSinceMs === null || clock === null) {
    const rule = policy[state.class];
    return inForceDays === null
      ? 'without end'
      : `${rule === undefined ? '' : `${rule}: `}${daysWord(inForceDays)}`;
  }
  return `${daysWord(inForceDays)}; ${policy[state.class] ?? daysWord(state.wantedDays)} ${waitingWord(state, clock)}`;
}

function capital(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
