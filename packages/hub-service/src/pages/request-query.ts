import { REQUEST_KINDS, REQUEST_STATES, type RequestKind, type RequestState } from '@labkeeper/protocol';
import type { IRequestFilter, IRequestPlace } from '../store/requests.js';
import { requestNumber } from '../requests/request-number.js';
import { unknownFields } from './unknown-fields.js';

/** What was typed, without empty ones. */
export interface IRequestFields {
  readonly kind?: RequestKind;
  readonly state?: RequestState;
  readonly user?: string;
  /** A request's number, or its whole id. */
  readonly number?: string;
}

const FIELDS = ['kind', 'state', 'user', 'number'] as const;

/** An address of the inbox, read. */
export interface IRequestQuery {
  readonly fields: IRequestFields;
  readonly filter: Omit<IRequestFilter, 'groups' | 'hub'>;
  readonly after: IRequestPlace | null;
  /** Sentences about what cannot be asked; with any, nothing is looked up. */
  readonly problems: readonly string[];
}

const NAME_LENGTH = 256;

/** Reads the query of an address. */
export function readRequestQuery(query: unknown): IRequestQuery {
  const given = new Map<string, unknown>(
    typeof query === 'object' && query !== null ? Object.entries(query) : []
  );
  const problems: string[] = [...unknownFields(query, ['after'], FIELDS)];
  const text = (name: string): string => {
    const value = given.get(name) ?? '';
    if (typeof value !== 'string' || value.length > NAME_LENGTH || value.includes('\0')) {
      problems.push(`“${name}” cannot be taken as it is: once, and at most ${NAME_LENGTH} characters.`);
      return '';
    }
    return value.trim();
  };
  const one = <Value extends string>(name: string, values: readonly Value[]): Value | undefined => {
    const typed = text(name);
    const known = values.find(value => value === typed);
    if (typed !== '' && known === undefined) {
      problems.push(`“${name}” is one of ${values.join(', ')}.`);
    }
    return known;
  };
  const kind = one('kind', REQUEST_KINDS);
  const state = one('state', REQUEST_STATES);
  const user = text('user') || undefined;
  const number = text('number') || undefined;
  const digits = number === undefined ? null : requestNumber(number);
  if (number !== undefined && digits === null) {
    problems.push('A request’s number has eight digits and letters from a to f, such as 54e42925.');
  }
  const same = { ...(kind && { kind }), ...(state && { state }), ...(user !== undefined && { user }) };
  const after = readPlace(text('after'), problems);
  return {
    fields: { ...same, ...(number !== undefined && { number }) },
    filter: { ...same, ...(digits !== null && { number: digits }) },
    after,
    problems
  };
}

/** The address of a view; the same view has always the same one. */
export function requestsAddress(fields: IRequestFields, after: IRequestPlace | null = null): string {
  const query = new URLSearchParams(Object.entries(fields).filter(([, value]) => value !== undefined));
  if (after) {
    query.set('after', `${after.isOpen ? 'o' : 'd'}.${after.createdAtMs}.${after.id}`);
  }
  const text = query.toString();
  return text === '' ? '/requests' : `/requests?${text}`;
}

function readPlace(text: string, problems: string[]): IRequestPlace | null {
  const [, open, createdAtMs, id] = /^([od])\.(\d{1,15})\.([0-9a-f-]{36})$/.exec(text) ?? [];
  if (open === undefined || createdAtMs === undefined || id === undefined) {
    if (text !== '') {
      problems.push('This is no page of the list: go back to its beginning.');
    }
    return null;
  }
  return { isOpen: open === 'o', createdAtMs: Number(createdAtMs), id };
}
