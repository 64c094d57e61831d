import { PACKAGE_LENGTHS } from '@labkeeper/protocol';
import parse from 'spdx-expression-parse';
import { fitsPattern } from '../policy/fits-pattern.js';

/** One licence of an expression, or two expressions. */
export type LicenceTerm =
  | { readonly kind: 'licence'; readonly id: string; readonly exception: string | null }
  | { readonly kind: 'and' | 'or'; readonly terms: readonly [LicenceTerm, LicenceTerm] };

/** Those of GNU say by their ends whether later versions may be chosen; older identifiers did it by `+`, or not at all. */
const GNU = /^(A?GPL|LGPL|GFDL)-\d+\.\d+$/;

/** Reads a licence expression as SPDX and PEP 639 have it; null = it is none, such as `BSD license` or `see LICENSE.txt`. */
export function parseLicence(expression: string): LicenceTerm | null {
  if (expression.length > PACKAGE_LENGTHS.licence) {
    return null;
  }
  try {
    return termOf(parse(expression));
  } catch {
    // It throws bare errors for all that is no expression; there is nothing more to learn from them.
    return null;
  }
}

function termOf(term: ReturnType<typeof parse>): LicenceTerm {
  if ('conjunction' in term) {
    return { kind: term.conjunction, terms: [termOf(term.left), termOf(term.right)] };
  }
  const { license, plus, exception } = term;
  const end = plus ? '-or-later' : '-only';
  return { kind: 'licence', id: GNU.test(license) ? license + end : license, exception: exception ?? null };
}

/** What a rule says of one licence. */
export interface ILicencePattern {
  /** With `*` for any text, in lower case. */
  readonly id: string;
  /** null = with any exception, and with none. */
  readonly exception: string | null;
}

/**
 * Reads an entry of a rule: an identifier (`MIT`), one with `*` (`BSD-*`, `LicenseRef-ours-*`), or one with its exception
 * (`GPL-2.0-only WITH Classpath-exception-2.0`).
 *
 * @returns null = it is none: also where SPDX does not know the identifier.
 */
export function licencePattern(entry: string): ILicencePattern | null {
  if (entry.includes('*')) {
    return /^[a-z0-9.*-]+$/i.test(entry) ? { id: entry.toLowerCase(), exception: null } : null;
  }
  const term = parseLicence(entry);
  return term?.kind === 'licence' ? { id: term.id.toLowerCase(), exception: term.exception } : null;
}

function fits(
  { id, exception }: ILicencePattern,
  licence: LicenceTerm & { readonly kind: 'licence' }
): boolean {
  return fitsPattern(id, licence.id.toLowerCase()) && (exception === null || exception === licence.exception);
}

/** Whether the package can be used under listed licences alone: of `or` one side is enough, of `and` both must be listed. */
export function isCovered(term: LicenceTerm, patterns: readonly ILicencePattern[]): boolean {
  switch (term.kind) {
    case 'licence':
      return patterns.some(pattern => fits(pattern, term));
    case 'or':
      return term.terms.some(one => isCovered(one, patterns));
    case 'and':
      return term.terms.every(one => isCovered(one, patterns));
  }
}

/** Whether who uses the package cannot get round a listed licence: of `or` both sides must have one, of `and` one does. */
export function isBound(term: LicenceTerm, patterns: readonly ILicencePattern[]): boolean {
  switch (term.kind) {
    case 'licence':
      return patterns.some(pattern => fits(pattern, term));
    case 'or':
      return term.terms.every(one => isBound(one, patterns));
    case 'and':
      return term.terms.some(one => isBound(one, patterns));
  }
}
