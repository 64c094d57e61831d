import { createHash } from 'node:crypto';
import { type IGraded, gradeOf, leafHash, receiptAt } from '@labkeeper/core';
import type { Act, AuditRecord, PersonalPart } from '@labkeeper/protocol';
import { actOf } from '../store/act-entry.js';
import type { ILogStory } from '../store/log-reader.js';
import { didWords } from './act-words.js';
import { readEntry, readPersonal } from './read-entry.js';
import { headOf } from './record-head.js';
import { unknowns } from './unknowns.js';
import { ACTIONS, DID, GRADE_REASONS, TRUST, wordFor } from './words.js';

/** A record's whole story, read and put into words. */
export interface IToldStory {
  readonly story: ILogStory;
  /** null = it could not be read. */
  readonly record: AuditRecord | null;
  readonly personal: PersonalPart | null;
  /** What the service itself did; null = the record is of something else. */
  readonly act: Act | null;
  /** What happened, in a sentence or two. */
  readonly did: string;
  /** What happened, in a few words; it may hold anything that the record does. */
  readonly headline: string;
  readonly graded: IGraded;
  readonly unknown: readonly string[];
  /** Short form of a receipt that covers the stream up to here; null = the line cannot be read. */
  readonly receipt: string | null;
  /** What a digest covers of it: SHA-256 as a leaf, hexadecimal. */
  readonly leaf: string;
  /** The link that stays. */
  readonly link: string;
  /** What addresses of lists need to lead to records of the same hub. */
  readonly at: { readonly hub?: string };
}

/** @param origin - of the pages' own host. @param at - what addresses of lists need to lead to records of the same hub. */
export function tellStory(story: ILogStory, origin: string, at: IToldStory['at'] = {}): IToldStory {
  const { row, entry } = story;
  const record = readEntry(entry);
  const fresh = record && gradeOf(record);
  const act = actOf(entry)?.act ?? null;
  const head = headOf(entry);
  return {
    story,
    record,
    personal: readPersonal(story.personal),
    act,
    did: act ? didWords(act) : record ? DID[record.action] : UNREAD,
    headline: headline(story, act),
    // A record can be worth more than by itself, when others tell the same; then its own reason would be the wrong one.
    graded:
      fresh?.grade === row.grade
        ? fresh
        : { grade: row.grade, reason: act ? OWN_ACT : GRADE_REASONS[row.grade] },
    unknown: unknowns(record, act, story),
    receipt: head === null ? null : receiptAt(row.index, head),
    leaf: Buffer.from(leafHash(sha256, Buffer.from(entry, 'utf8'))).toString('hex'),
    link: `${origin}/log/${row.index}`,
    at
  };
}

const UNREAD = 'Something came that is no record as this service reads them.';
const OWN_ACT = 'The hub service itself did it, and signed it.';

function headline({ row, act: facts }: ILogStory, act: Act | null): string {
  if (act?.trust) {
    return `${TRUST[act.trust.state]}: ${act.trust.hub}`;
  }
  const what = wordFor(ACTIONS, row.action);
  if (act && facts && facts.subject !== null) {
    return `${what}: ${facts.subject}`;
  }
  return row.packageName === null
    ? what
    : `${what}: ${[row.packageName, row.packageVersion ?? ''].join(' ').trim()}`;
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  parts.forEach(part => hash.update(part));
  return hash.digest();
}
