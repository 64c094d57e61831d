import {
  EVIDENCE_LENGTH,
  EVIDENCE_LINES,
  EVIDENCE_SECTIONS,
  type EvidenceSection,
  type RequestWant
} from '@labkeeper/protocol';
import { storable } from './storable.js';

/** Longest label and title, in characters. */
const LABEL = 200;

/** One fact that support may get. */
export interface IDraftItem {
  readonly label: string;
  /** As the researcher leaves it. */
  readonly text: string;
  /** Whether it goes with the rest. */
  readonly isIn: boolean;
}

export interface IDraftSection {
  readonly kind: EvidenceSection['kind'];
  readonly title: string;
  readonly items: readonly IDraftItem[];
}

/** What goes to support, while it is being made. */
export interface IHelpDraft {
  /** What the researcher writes. */
  readonly note: string;
  readonly sections: readonly IDraftSection[];
}

/** A draft with one fact changed. */
export function withItem(
  draft: IHelpDraft,
  section: number,
  item: number,
  change: Partial<IDraftItem>
): IHelpDraft {
  return {
    ...draft,
    sections: draft.sections.map((each, at) =>
      at === section
        ? { ...each, items: each.items.map((one, index) => (index === item ? { ...one, ...change } : one)) }
        : each
    )
  };
}

/** What is sent of the facts: those that are ticked and not empty. */
export function evidenceOf(draft: IHelpDraft): EvidenceSection[] {
  return draft.sections
    .slice(0, EVIDENCE_SECTIONS)
    .map(({ kind, title, items }) => ({
      kind,
      title: storable(title, LABEL),
      lines: items
        .filter(({ isIn }) => isIn)
        .map(({ label, text }) => ({ label: storable(label, LABEL), text: storable(text) }))
        .filter(({ text }) => text !== '')
        .slice(0, EVIDENCE_LINES)
    }))
    .filter(({ lines }) => lines.length > 0);
}

/** How many characters too long the facts are; 0 = they fit. */
export function excessOf(draft: IHelpDraft): number {
  return Math.max(0, JSON.stringify(evidenceOf(draft)).length - EVIDENCE_LENGTH);
}

/** What the request is about: the first line of the note. */
export function wantOf({ note }: IHelpDraft): RequestWant {
  return { kind: 'help', title: storable(storable(note).split('\n')[0] ?? '', LABEL) };
}

/** All of it as plain text, to copy and to save. */
export function textOf(draft: IHelpDraft): string {
  const parts = evidenceOf(draft).map(({ title, lines }) =>
    [`== ${title} ==`, ...lines.map(({ label, text }) => `${label}: ${text}`)].join('\n')
  );
  return `${[storable(draft.note), ...parts].filter(part => part !== '').join('\n\n')}\n`;
}
