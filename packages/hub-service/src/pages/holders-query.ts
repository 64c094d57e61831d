import { normalisedName } from '@labkeeper/core';
import type { IHoldersAsked } from '../store/holders.js';
import { day } from './log-query.js';
import { unknownFields } from './unknown-fields.js';
import { viewAddress } from './view-address.js';

/** What was typed, without empty ones. */
export interface IHoldersFields {
  /** Whose people; without it those of the reader's own hub. */
  readonly hub?: string | undefined;
  readonly package?: string | undefined;
  readonly version?: string | undefined;
  /** A day; without it now is meant. */
  readonly at?: string | undefined;
}

/** An address of the page, read. */
export interface IHoldersQuery {
  readonly fields: IHoldersFields;
  /** null = no package is named, or there are problems. */
  readonly asked: Omit<IHoldersAsked, 'groups' | 'hub'> | null;
  /** Index of the record after which the page begins; null = from the newest on. */
  readonly before: number | null;
  /** Sentences about what cannot be asked; with any, nothing is looked up. */
  readonly problems: readonly string[];
}

const FIELDS = ['hub', 'package', 'version', 'at'] as const;
const FIELD_LENGTH = 256;

/** Reads the query of an address. @param nowMs - epoch ms: of a day to come nobody knows. */
export function readHoldersQuery(query: unknown, nowMs: number): IHoldersQuery {
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
  const [hub, name, version, at] = FIELDS.map(text);
  const fields: IHoldersFields = {
    ...(hub && { hub }),
    ...(name && { package: name }),
    ...(version && { version }),
    ...(at && { at })
  };
  const dayMs = day(fields.at, 'On', problems);
  if (dayMs !== null && dayMs > nowMs) {
    problems.push('“On” is a day that has not come yet.');
  }
  if (name === '' && (version !== '' || at !== '')) {
    problems.push('Name a package.');
  }
  const before = text('before');
  const isPlace = /^\d{1,15}$/.test(before);
  if (before !== '' && !isPlace) {
    problems.push('The address names no place in the list; begin with the newest.');
  }
  return {
    fields,
    asked:
      fields.package === undefined || problems.length > 0
        ? null
        : {
            // Names of Python packages are kept as PEP 503 writes them; those of others as they are.
            packages: [...new Set([fields.package, normalisedName(fields.package)])],
            version: fields.version ?? null,
            dayMs
          },
    before: isPlace ? Number(before) : null,
    problems
  };
}

/** The address of a view; the same view has always the same one. */
export function holdersAddress(fields: IHoldersFields, before: number | null = null): string {
  return viewAddress('/holders', FIELDS, fields, before === null ? null : ['before', String(before)]);
}
