import { redactText } from '@labkeeper/core';
import type { PersonalPart, RequestWant } from '@labkeeper/protocol';
import type { IRequestActTable } from '../store/request-tables.js';

/** Characters of one line of a personal part: with halves of pairs counted it holds twice as many. */
const LINE = 500;
/** How the first line begins where something was said in the thread. */
const SAID_BY = 'say by ';

/** What the log keeps of an act in its personal part. */
export interface IActWords {
  readonly kind: IRequestActTable['kind'];
  /** '' = nobody. */
  readonly by: string;
  readonly words: string | null;
  readonly want: RequestWant;
  readonly reason: string;
}

/** Who did what, and every text that came with it, as lines: the log has no credentials of URLs. */
export function linesOfAct({ kind, by, words, reason, want }: IActWords): string[] {
  const said = kind === 'submit' ? [JSON.stringify(wantWithout(want)), redactText(reason)] : [textOf(words)];
  return [`${kind} by ${by === '' ? 'nobody' : by}`, ...said.flatMap(linesOf)];
}

/** What the log keeps of a text that somebody wrote. */
export function textOf(words: string | null): string {
  return redactText(words ?? '');
}

/** Who said what, by the personal part of a message's record; null = it holds no such thing. */
export function saidIn({ argv }: PersonalPart): { readonly by: string; readonly text: string } | null {
  const [first, ...lines] = argv ?? [];
  return first?.startsWith(SAID_BY) === true
    ? { by: first.slice(SAID_BY.length), text: lines.join('') }
    : null;
}

function wantWithout(want: RequestWant): RequestWant {
  return want.kind === 'help' ? { ...want, title: redactText(want.title) } : want;
}

/** A lone half of a character at a cut would not be text. */
function linesOf(text: string): string[] {
  const letters = [...text];
  const lines: string[] = [];
  for (let from = 0; from < letters.length; from += LINE) {
    lines.push(letters.slice(from, from + LINE).join(''));
  }
  return lines;
}
