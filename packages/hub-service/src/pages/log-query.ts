import type { Grade } from '@labkeeper/core';
import type { ExportFormat } from '../export/export-source.js';
import type { ILogFilter, ILogPlace } from '../store/log-reader.js';
import { ACTIONS, DEFAULT_SERVER, EFFECTS, GRADES } from './words.js';
import { unknownFields } from './unknown-fields.js';
import { viewAddress } from './view-address.js';

/** Names of the filters, as they stand in addresses and forms. */
export const FIELDS = [
  'hub',
  'text',
  'user',
  'group',
  'server',
  'image',
  'package',
  'version',
  'tool',
  'action',
  'effect',
  'grade',
  'from',
  'until'
] as const;
export type Field = (typeof FIELDS)[number];
/** What was typed, without empty ones. */
export type LogFields = Readonly<Partial<Record<Field, string>>>;

/** An address of the list, read. */
export interface ILogQuery {
  readonly fields: LogFields;
  readonly filter: ILogFilter;
  readonly after: ILogPlace | null;
  /** Sentences about what cannot be asked; with any, nothing is looked up. */
  readonly problems: readonly string[];
}

const FIELD_LENGTH = 256;
const DAY_MS = 86_400_000;

const isGrade = (text: string): text is Grade => Object.hasOwn(GRADES, text);

/**
 * Reads the query of an address.
 *
 * @param beside - what else may stand there; any other name is a problem.
 */
export function readLogQuery(query: unknown, beside: readonly string[] = []): ILogQuery {
  const given = new Map<string, unknown>(
    typeof query === 'object' && query !== null ? Object.entries(query) : []
  );
  const problems: string[] = [...unknownFields(query, ['after', ...beside], FIELDS)];
  const text = (name: string): string => {
    const value = given.get(name) ?? '';
    if (typeof value !== 'string') {
      problems.push(`“${name}” stands more than once in the address; it may stand there once.`);
      return '';
    }
    if (value.length > FIELD_LENGTH) {
      problems.push(`“${name}” is ${value.length} characters long; it may have ${FIELD_LENGTH}.`);
      return '';
    }
    return value.trim();
  };
  const fields: Partial<Record<Field, string>> = {};
  const asked: Partial<Record<Field, string>> = {};
  for (const field of FIELDS) {
    const value = text(field);
    if (value !== '') {
      fields[field] = value;
      // As it is stored: PostgreSQL has no text with a NUL in it, and would refuse the question.
      asked[field] = value.replaceAll('\0', '\uFFFD');
    }
  }
  for (const [field, words] of [
    ['action', ACTIONS],
    ['effect', EFFECTS],
    ['grade', GRADES]
  ] as const) {
    const value = fields[field];
    if (value !== undefined && !Object.hasOwn(words, value)) {
      problems.push(`“${field}” can only be one of ${Object.keys(words).join(', ')}.`);
      delete fields[field];
    }
  }
  const fromMs = day(fields.from, 'From', problems);
  const untilDayMs = day(fields.until, 'Until', problems);
  if (fromMs !== null && untilDayMs !== null && fromMs > untilDayMs) {
    problems.push('“From” is later than “Until”.');
  }
  const after = text('after');
  const place = readPlace(after);
  if (after !== '' && place === null) {
    problems.push('The address names no place in the list; begin with the newest records.');
  }
  const { from: _from, until: _until, server, grade, ...same } = asked;
  return {
    fields,
    filter: {
      ...same,
      ...(server !== undefined && { server: server === DEFAULT_SERVER ? '' : server }),
      ...(grade !== undefined && isGrade(grade) && { grade }),
      ...(fromMs !== null && { fromMs }),
      ...(untilDayMs !== null && { untilMs: untilDayMs + DAY_MS })
    },
    after: place,
    problems
  };
}

/** The address of a view; the same view has always the same one. */
export function logAddress(fields: LogFields, after: ILogPlace | null = null): string {
  return viewAddress('/log', FIELDS, fields, after && ['after', `${after.receivedAtMs}.${after.index}`]);
}

/** The address that tells of new records of a view. @param path - of it. */
export function newsAddress(path: string, fields: LogFields): string {
  return viewAddress(path, FIELDS, fields, null);
}

/** The address of a view as a file. */
export function exportAddress(fields: LogFields, format: ExportFormat): string {
  const [, query] = logAddress(fields).split('?', 2);
  return `/export?format=${format}${query === undefined ? '' : `&${query}`}`;
}

function readPlace(text: string): ILogPlace | null {
  const [, received, index] = /^(\d{1,15})\.(\d{1,15})$/.exec(text) ?? [];
  return received !== undefined && index !== undefined
    ? { receivedAtMs: Number(received), index: Number(index) }
    : null;
}

/** The first moment of a day, UTC; null = there is none. */
export function day(text: string | undefined, name: string, problems: string[]): number | null {
  if (text === undefined) {
    return null;
  }
  const atMs = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00.000Z`) : NaN;
  // Some 31sts are taken for the first of the next month.
  if (Number.isNaN(atMs) || new Date(atMs).toISOString().slice(0, 10) !== text) {
    problems.push(`“${name}” should be a day such as 2026-11-27.`);
    return null;
  }
  return atMs;
}
