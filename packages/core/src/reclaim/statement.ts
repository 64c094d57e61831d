import type { ReclaimKind } from '@labkeeper/protocol';

/** One thing that a channel says: the machine or the server will end. */
export interface IReclaimStatement {
  /** Names the event within the channel: what is said again with the same key is the same event. */
  readonly key: string;
  readonly kind: ReclaimKind;
  /** When it ends, ms since the Unix epoch; null = any moment. */
  readonly deadlineMs: number | null;
  /** Who says so, for people: "AWS", "SLURM". */
  readonly source: string;
  /** The machine is moved or frozen for a moment and goes on, with all that is in its memory. Default: no. */
  readonly memoryKept?: boolean;
  /**
   * What else changes when the channel says something new about the same event: an administrator rewrote the file.
   * Only then may its deadline move to a later time; a later one under the same revision was merely computed anew.
   */
  readonly revision?: string;
}

/** What the answer or the text of a channel comes to. The reason of nonsense is a sentence for the log. */
export type Heard =
  | { readonly says: 'nothing' }
  | { readonly says: 'notices'; readonly notices: readonly IReclaimStatement[] }
  | { readonly says: 'nonsense'; readonly reason: string };

/** The channel has nothing to tell: all is well. */
export const NOTHING: Heard = { says: 'nothing' };

/** One notice. */
export function notice(statement: IReclaimStatement): Heard {
  return { says: 'notices', notices: [statement] };
}

/** Several notices, or nothing. */
export function notices(list: readonly IReclaimStatement[]): Heard {
  return list.length === 0 ? NOTHING : { says: 'notices', notices: list };
}

/** Something that cannot be understood. */
export function nonsense(reason: string): Heard {
  return { says: 'nonsense', reason };
}

/** Most characters of a strange text that a reason quotes. */
const QUOTED = 60;

/** The beginning of a strange text, on one line and without control characters, for a reason. */
export function quoted(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return `"${line.length > QUOTED ? `${line.slice(0, QUOTED)}…` : line}"`;
}
