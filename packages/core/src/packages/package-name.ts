import type { PackageEcosystem } from '@labkeeper/protocol';
import { normalisedName } from '../audit/dist-info.js';

/** What names can be, in any spelling: of PyPI as its packaging standards say, of conda as its records do. */
const NAMES: Readonly<Record<PackageEcosystem, RegExp>> = {
  pypi: /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i,
  conda: /^[a-z0-9_][a-z0-9_.-]*$/i
};

/** Longest name that is looked at. */
const LENGTH = 256;

/**
 * The one spelling of a package's name: as PEP 503 has it for PyPI, in lower case for conda, where `_`, `-` and `.` differ.
 *
 * @returns null = nothing can have this name.
 */
export function packageName(ecosystem: PackageEcosystem, name: string): string | null {
  if (name.length > LENGTH || !NAMES[ecosystem].test(name)) {
    return null;
  }
  return ecosystem === 'pypi' ? normalisedName(name) : name.toLowerCase();
}

/**
 * A pattern for names in their one spelling, so that `Scikit_*` stands for what `scikit-*` does.
 *
 * @returns null = no name can fit it.
 */
export function namePattern(ecosystem: PackageEcosystem, pattern: string): string | null {
  const like = pattern.replace(/[*?]/g, 'a');
  if (packageName(ecosystem, like) === null) {
    return null;
  }
  return ecosystem === 'pypi' ? normalisedName(pattern) : pattern.toLowerCase();
}

/** A name as it can be shown anywhere, also in what pip prints: what is not plain ASCII by its number, long ones cut. */
export function shownName(name: string): string {
  const plain = name.replace(/[^\x21-\x7e]/gu, one => {
    const code = one.codePointAt(0) ?? 0;
    return `{U+${code.toString(16).toUpperCase().padStart(4, '0')}}`;
  });
  return plain.length > 80 ? `${plain.slice(0, 79)}...` : plain;
}
