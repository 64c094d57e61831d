import type { ReactElement } from 'react';
import { type Field, FIELDS, logAddress, type LogFields } from '../log-query.js';
import { ACTIONS, EFFECTS, GRADES, wordFor } from '../words.js';
import { HubChoice } from './hub-choice.js';
import { RecordText } from './record-text.js';

export interface IFilterFormProps {
  readonly fields: LogFields;
  /** Groups to choose from; null = any may be typed. */
  readonly groups: readonly string[] | null;
  /** Whether something of it has to be mended. */
  readonly isWrong: boolean;
  /** Hubs whose records the reader may choose, her own first. */
  readonly hubs: readonly string[];
}

const NAMES: Readonly<Record<Field, string>> = {
  hub: 'Hub',
  text: 'Package contains',
  user: 'User',
  group: 'Group',
  server: 'Server',
  image: 'Image',
  package: 'Package',
  version: 'Version',
  tool: 'Tool',
  action: 'What',
  effect: 'Verdict',
  grade: 'Evidence',
  from: 'From',
  until: 'Until'
};

const HINTS: Readonly<Partial<Record<Field, string>>> = {
  text: 'or a request number',
  package: 'whole name',
  server: 'name or (default)',
  image: 'part of its name',
  tool: 'such as pip'
};

const CHOICES: Readonly<Partial<Record<Field, Readonly<Record<string, string>>>>> = {
  action: ACTIONS,
  effect: EFFECTS,
  grade: GRADES
};

const FIRST: readonly Field[] = ['text', 'user', 'from', 'until'];
const MORE: readonly Field[] = FIELDS.filter(field => field !== 'hub' && !FIRST.includes(field));

/**
 * What the list can be narrowed by; its state stands in the address. Where there is little room it is folded up after a search,
 * so that what was found is seen: what is set stands above the list.
 */
export function FilterForm({ fields, groups, hubs, isWrong }: IFilterFormProps): ReactElement {
  const input = (field: Field): ReactElement => (
    <FieldInput
      key={field}
      field={field}
      value={fields[field] ?? ''}
      groups={field === 'group' ? groups : null}
    />
  );
  const set = FIELDS.filter(field => fields[field] !== undefined);
  // A group that the reader's right is limited to is none of her search.
  const hasAsked = set.some(field => field !== 'group' || groups === null);
  const more = set.filter(field => MORE.includes(field));
  return (
    <details className="fold" open={isWrong || !hasAsked}>
      <summary>{withCount('Filters', set.length)}</summary>
      <form method="get" action="/log" role="search" aria-label="Filter the log" className="filters">
        <div className="fields">
          <HubChoice hubs={hubs} value={fields.hub} />
          {FIRST.map(input)}
        </div>
        <details open={isWrong && more.length > 0}>
          <summary>{withCount('More filters', more.length)}</summary>
          <div className="fields">{MORE.map(input)}</div>
        </details>
        <div className="buttons">
          <button type="submit">Show</button>
          {set.length > 0 && <a href="/log">Clear all filters</a>}
        </div>
      </form>
    </details>
  );
}

function withCount(name: string, set: number): string {
  return set === 0 ? name : `${name}: ${set} set`;
}

/** The filters that are set, each with a link to the view without it. */
export function SetFilters({ fields }: { readonly fields: LogFields }): ReactElement | null {
  const set = FIELDS.flatMap(field => {
    const value = fields[field];
    return value === undefined ? [] : [{ field, value: wordFor(CHOICES[field] ?? {}, value) }];
  });
  if (set.length === 0) {
    return null;
  }
  return (
    <ul className="set-filters" aria-label="Filters that are set">
      {set.map(({ field, value }) => (
        <li key={field}>
          {NAMES[field]}: <RecordText text={value} />{' '}
          <a
            href={logAddress({ ...fields, [field]: undefined })}
            aria-label={`Remove the filter ${NAMES[field]}`}
          >
            ✕
          </a>
        </li>
      ))}
    </ul>
  );
}

interface IFieldInputProps {
  readonly field: Field;
  readonly value: string;
  readonly groups: readonly string[] | null;
}

function FieldInput({ field, value, groups }: IFieldInputProps): ReactElement {
  const choices = CHOICES[field];
  return (
    <label>
      <span>{NAMES[field]}</span>
      {groups ? (
        <select name={field} defaultValue={value}>
          {groups.map(group => (
            <option key={group}>{group}</option>
          ))}
        </select>
      ) : choices ? (
        <select name={field} defaultValue={value}>
          <option value="">any</option>
          {Object.entries(choices).map(([choice, word]) => (
            <option key={choice} value={choice}>
              {word}
            </option>
          ))}
        </select>
      ) : (
        <input
          type={field === 'from' || field === 'until' ? 'date' : 'text'}
          name={field}
          defaultValue={value}
          maxLength={256}
          placeholder={HINTS[field]}
          autoComplete="off"
          spellCheck={false}
        />
      )}
    </label>
  );
}
