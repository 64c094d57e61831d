import type { Grade } from '@labkeeper/core';
import type { ReactElement } from 'react';
import { EFFECTS, GRADES, wordFor } from '../words.js';

const GRADE_SIGNS: Readonly<Record<Grade, string>> = {
  confirmed: '●',
  hub: '●',
  corroborated: '◕',
  claimed: '◔',
  stream: '·',
  unreadable: '✕'
};

const EFFECT_SIGNS: Readonly<Record<string, string>> = {
  allow: '✓',
  warn: '▲',
  'require-approval': '?',
  deny: '✕'
};

/** How much a record is worth as evidence: a sign, a colour and the word. */
export function GradeMark({ grade }: { readonly grade: Grade }): ReactElement {
  return (
    <span className={`mark grade-${grade}`}>
      <span aria-hidden="true">{GRADE_SIGNS[grade]}</span> {GRADES[grade]}
    </span>
  );
}

/** What policy said; a dash where nothing was decided. */
export function EffectMark({ effect }: { readonly effect: string | null }): ReactElement {
  if (effect === null) {
    return <span className="none dash">–</span>;
  }
  const known = Object.hasOwn(EFFECTS, effect);
  return (
    <span className={known ? `mark effect-${effect}` : 'mark'}>
      {known && <span aria-hidden="true">{EFFECT_SIGNS[effect]} </span>}
      {wordFor(EFFECTS, effect)}
    </span>
  );
}
