import { createHash } from 'node:crypto';
import { type IGraded, gradeOf, leafHash } from '@labkeeper/core';
import type { AuditRecord, PersonalPart } from '@labkeeper/protocol';
import { actOf } from '../store/act-entry.js';
import type { ILogStory } from '../store/log-reader.js';
import { readEntry, readPersonal } from './read-entry.js';
import { unknowns } from './unknowns.js';
import { ACTIONS, GRADE_REASONS, TRUST, wordFor } from './words.js';

/** A record's whole story, read and put into words. */
export interface IToldStory {
  readonly story: ILogStory;
  /** null = it could not be read. */
  readonly record: AuditRecord | null;
  readonly personal: PersonalPart | null;
  /** What happened, in a few words; it may hold anything that the record does. */
  readonly headline: string;
  readonly graded: IGraded;
  readonly unknown: readonly string[];
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
  return {
    story,
    record,
    personal: readPersonal(story.personal),
    headline: headline(story),
    // A record can be worth more than by itself, when others tell the same; then its own reason would be the wrong one.
    graded: fresh?.grade === row.grade ? fresh : { grade: row.grade, reason: GRADE_REASONS[row.grade] },
    unknown: unknowns(record, story),
    leaf: Buffer.from(leafHash(sha256, Buffer.from(entry, 'utf8'))).toString('hex'),
    link: `${origin}/log/${row.index}`,
    at
  };
}

function headline({ row, entry }: ILogStory): string {
  const trust = row.action === 'trust' ? actOf(entry)?.act.trust : undefined;
  if (trust) {
    return `${TRUST[trust.state]}: ${trust.hub}`;
  }
  const what = wordFor(ACTIONS, row.action);
  return row.packageName === null
    ? what
    : `${what}: ${[row.packageName, row.packageVersion ?? ''].join(' ').trim()}`;
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  parts.forEach(part => hash.update(part));
  return hash.digest();
}
