import type { IDeathFilter } from '../store/server-events.js';
import { CAUSES } from './event-words.js';
import { unknownFields } from './unknown-fields.js';
import { viewAddress } from './view-address.js';

const FIELDS = ['hub', 'user', 'node', 'image', 'cause', 'days'] as const;
/** What was typed, without empty ones. */
export type DeathsFields = Readonly<Partial<Record<(typeof FIELDS)[number], string | undefined>>>;

/** An address of the page, read. */
export interface IDeathsQuery {
  readonly fields: DeathsFields;
  readonly filter: Omit<IDeathFilter, 'groups'>;
  /** How many days are looked at. */
  readonly days: number;
  /** Id of the death after which the page begins; null = from the newest on. */
  readonly before: number | null;
  /** Sentences about what cannot be asked; with any, nothing is looked up. */
  readonly problems: readonly string[];
}

/** An image's name is the longest. */
const FIELD_LENGTH = 512;
const DAYS = 30;
const MOST_DAYS = 400;
const DAY_MS = 86_400_000;

/** Reads the query of an address. @param nowMs - epoch ms. */
export function readDeathsQuery(query: unknown, nowMs: number): IDeathsQuery {
  const given = new Map<string, unknown>(
    typeof query === 'object' && query !== null ? Object.entries(query) : []
  );
  const problems: string[] = [...unknownFields(query, ['before'], FIELDS)];
  const text = (name: string): string => {
    const value = given.get(name) ?? '';
    if (typeof value !== 'string' || value.length > FIELD_LENGTH) {
      problems.push(`“${name}” may stand once in the address, with at most ${FIELD_LENGTH} characters.`);
      return '';
    }
    return value.trim();
  };
  const fields: Partial<Record<(typeof FIELDS)[number], string>> = {};
  for (const field of FIELDS) {
    const value = text(field);
    if (value !== '') {
      fields[field] = value;
    }
  }
  if (fields.cause !== undefined && !Object.hasOwn(CAUSES, fields.cause)) {
    problems.push('“Cause” is none of those that there are.');
  }
  const days = fields.days === undefined ? DAYS : Number(fields.days);
  if (!Number.isInteger(days) || days < 1 || days > MOST_DAYS) {
    problems.push(`“Days” is a number from 1 to ${MOST_DAYS}.`);
  }
  const before = text('before');
  const isPlace = /^\d{1,15}$/.test(before);
  if (before !== '' && !isPlace) {
    problems.push('The address names no place in the list; begin with the newest.');
  }
  const { days: _days, ...names } = fields;
  const firstDay = Math.floor(nowMs / DAY_MS) - days + 1;
  return {
    fields,
    filter: { ...names, fromMs: problems.length > 0 ? 0 : firstDay * DAY_MS },
    days,
    before: isPlace ? Number(before) : null,
    problems
  };
}

/** The address of a view; the same view has always the same one. */
export function deathsAddress(fields: DeathsFields, before: number | null = null): string {
  return viewAddress('/deaths', FIELDS, fields, before === null ? null : ['before', String(before)]);
}
