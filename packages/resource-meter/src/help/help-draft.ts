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
  /** What it is about, where other facts have the same label. */
  readonly id?: string;
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

/**
 * Facts that were read again, with what the researcher did to them: what she unticked or trimmed must not come back.
 *
 * @param fresh - as they are now. @param before - as they were read last time. @param left - as she left those.
 * @param named - ids of what help is asked about only now: that is ticked in any case.
 */
export function mergedSections(
  fresh: readonly IDraftSection[],
  before: readonly IDraftSection[],
  left: readonly IDraftSection[],
  named: readonly string[]
): IDraftSection[] {
  const read = byKey(before);
  const known = byKey(left);
  const now = byKey(fresh);
  const isChanged = (key: string, { isIn, text }: IDraftItem): boolean => {
    const was = read.get(key);
    return was?.isIn !== isIn || was.text !== text;
  };
  const merge = (kind: IDraftSection['kind'], item: IDraftItem): IDraftItem => {
    const key = keyOf(kind, item);
    const mine = known.get(key);
    if (mine === undefined) {
      return item;
    }
    const isNamed = item.id !== undefined && named.includes(item.id);
    return {
      ...item,
      isIn: isNamed || mine.isIn,
      text: mine.text === read.get(key)?.text ? item.text : mine.text
    };
  };
  // What is gone may come back: what she did to it is kept with it.
  const gone = left.map(section => ({
    ...section,
    items: section.items.filter(item => {
      const key = keyOf(section.kind, item);
      return !now.has(key) && isChanged(key, item);
    })
  }));
  return [
    ...fresh.map(section => ({
      ...section,
      items: [
        ...section.items.map(item => merge(section.kind, item)),
        ...gone.filter(({ kind }) => kind === section.kind).flatMap(({ items }) => items)
      ]
    })),
    ...gone.filter(({ kind, items }) => items.length > 0 && fresh.every(section => section.kind !== kind))
  ];
}

function byKey(sections: readonly IDraftSection[]): ReadonlyMap<string, IDraftItem> {
  return new Map(
    sections.flatMap(({ kind, items }) => items.map(item => [keyOf(kind, item), item] as const))
  );
}

/** What tells a fact from others, the same in each reading. */
function keyOf(kind: IDraftSection['kind'], { id, label }: IDraftItem): string {
  return `${kind} ${id ?? label}`;
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
