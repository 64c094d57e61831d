import type { JournalRecord } from '../../packages/protocol/lib/index.js';

/** A record of the journal whose cells are named by ids of the script, which stay, not by their numbers in a run. */
export type Change = Exclude<JournalRecord, { t: 'base' }>;

/**
 * A document that is edited by a script. Its content at a version follows from its seed alone, so that whoever knows
 * the two can tell whether a file is that version, to the last character.
 */
export interface IScripted {
  /** How many steps were made. */
  readonly version: number;
  /** The cells in their order; of a text 0. */
  readonly cells: readonly number[];
  /** Makes the next version. @returns the records that say what changed. */
  step(): Change[];
  /** Records that make the document of nothing. */
  whole(): Change[];
  /** What a full save sends. */
  model(): object;
  /** What a full save writes. */
  bytes(): string;
  /** How a file differs from this version, for people; null = it does not. @throws SyntaxError for what is no notebook. */
  differs(bytes: string): string | null;
}

/** The words that tell a version, at the very beginning of each document. */
export function markOf(version: number): string {
  return `version ${version} `;
}

/** Which version a file says it is; null = none. */
export function versionIn(bytes: string): number | null {
  const found = /version (\d+) /.exec(bytes);
  return found?.[1] === undefined ? null : Number(found[1]);
}

/** Numbers that look random and are the same each time (mulberry32). */
export class Random {
  constructor(seed: number, version: number) {
    this.state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(version + 1, 0x85ebca6b)) >>> 0;
  }

  /** From 0 to `limit` - 1. */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  private state: number;
}

const WORDS = ['mean', 'größe', 'x = 1', '🙂', 'λ', '"quoted"', "it's", 'back\\slash', 'tab\there', '漢字'];

/** Some lines of words, each with its end. */
export function newWords(random: Random, count: number): string {
  return Array.from({ length: 1 + random.below(count) }, () => {
    const words = Array.from({ length: 1 + random.below(6) }, () => WORDS[random.below(WORDS.length)]);
    return `${words.join(' ')}\n`;
  }).join('');
}

/** An edit of a text at the beginning of a line that is not the first: most are insertions. */
export function edited(text: string, random: Random, from = 0): { at: number; del: number; ins: string } {
  const starts = [...text.matchAll(/\n/g)].map(({ index }) => index + 1).filter(start => start >= from);
  const line = random.below(starts.length + 1);
  const at = starts[line] ?? text.length;
  const end = starts[line + 1] ?? text.length;
  return random.below(5) === 0
    ? { at, del: end - at, ins: '' }
    : { at, del: random.below(4) === 0 ? end - at : 0, ins: newWords(random, 2) };
}
