import type { Death, Notice } from '@labkeeper/protocol';
import { Token } from '@lumino/coreutils';
import type { FeedbackBook } from './help/feedback-book.js';

/** One row of the panel's events. */
export type PastEvent =
  { readonly kind: 'death'; readonly death: Death } | { readonly kind: 'notice'; readonly notice: Notice };

/** The words for deaths and notices, and the dialog that tells the whole story. */
export interface IEventWords {
  /** One translated sentence without a full stop: "analysis.ipynb died: memory limit exceeded (8 GB)". */
  headline(event: PastEvent): string;
  /** Shows everything that is known about it. */
  open(event: PastEvent): void;
  /** What happened and the proof, some lines of plain text for support. */
  summary(event: PastEvent): string;
  /** What the researcher said of verdicts. */
  readonly feedback: FeedbackBook;
}

/** Provided by the deaths plugin; without it the panel says the little that it can say itself. */
export const IEventWords = new Token<IEventWords>(
  '@labkeeper/labextension:IEventWords',
  'The words for kernel deaths and notices.'
);

/** Deaths and notices in one list, newest first. Deaths that the user asked for are left out. */
export function pastEvents(deaths: readonly Death[], notices: readonly Notice[]): readonly PastEvent[] {
  const events: PastEvent[] = [
    ...deaths
      .filter(death => death.verdict.cause !== 'asked-for')
      .map(death => ({ kind: 'death', death }) as const),
    ...notices.map(notice => ({ kind: 'notice', notice }) as const)
  ];
  return events.sort((a, b) => atMs(b) - atMs(a));
}

/** When it happened. */
export function atMs(event: PastEvent): number {
  return event.kind === 'death' ? event.death.atMs : event.notice.atMs;
}
