import { SEVERITIES, type PackageFact, type PackageRule, type Severity } from '@labkeeper/protocol';
import { fitsPattern } from '../policy/fits-pattern.js';
import { isBound, isCovered, licencePattern, type LicenceTerm } from './licence.js';
import { isMalicious, type IPackageQuestion } from './package-question.js';
import { fitsSpecifier, parseSpecifier } from './specifier.js';
import type { IVersion } from './version.js';

/** Ages are in days. */
export const DAY_MS = 86_400_000;

/** A question, with what had to be read first. null = not known, or not readable. */
export interface IReadQuestion extends IPackageQuestion {
  readonly version: IVersion | null;
  readonly licence: LicenceTerm | null;
}

/** Whether something that a rule names fits; a fact = that is not known. */
export type Criterion = (question: IReadQuestion) => boolean | PackageFact;

/**
 * What a rule asks of a package and of who wants it, besides ecosystem and name. What cannot be read fits nothing: the
 * policy's reader refuses it (`packagesMistakes`).
 */
export function criteriaOf(rule: PackageRule): readonly Criterion[] {
  return [
    ofHubs(rule),
    ofGroups(rule),
    ofImages(rule),
    ofIndexes(rule),
    ofVersion(rule),
    ofLeastAge(rule),
    ofMostAge(rule),
    ofMalice(rule),
    ofAdvisories(rule),
    ofSeverity(rule),
    ofLicences(rule)
  ].filter(criterion => criterion !== null);
}

function ofHubs({ hubs }: PackageRule): Criterion | null {
  return hubs === undefined ? null : ({ asker }) => hubs.includes(asker.hub);
}

function ofGroups({ groups }: PackageRule): Criterion | null {
  return groups === undefined
    ? null
    : ({ asker }) => (asker.groups === null ? 'groups' : asker.groups.some(group => groups.includes(group)));
}

function ofImages({ images }: PackageRule): Criterion | null {
  return images === undefined
    ? null
    : ({ asker: { image } }) =>
        image === null ? 'image' : images.some(pattern => fitsPattern(pattern, image));
}

function ofIndexes({ indexes }: PackageRule): Criterion | null {
  return indexes === undefined
    ? null
    : ({ facts: { index } }) =>
        index === null ? 'index' : indexes.some(pattern => fitsPattern(pattern, index));
}

function ofVersion({ version }: PackageRule): Criterion | null {
  if (version === undefined) {
    return null;
  }
  const specifier = parseSpecifier(version);
  return question =>
    specifier !== null &&
    (question.version === null ? 'version' : fitsSpecifier(specifier, question.version));
}

function ofLeastAge({ min_age_days: days }: PackageRule): Criterion | null {
  return days === undefined ? null : question => ageFits(question, ageMs => ageMs >= days * DAY_MS);
}

function ofMostAge({ younger_than_days: days }: PackageRule): Criterion | null {
  return days === undefined ? null : question => ageFits(question, ageMs => ageMs < days * DAY_MS);
}

function ageFits(
  { facts: { publishedAtMs }, nowMs }: IPackageQuestion,
  fits: (ageMs: number) => boolean
): boolean | PackageFact {
  return publishedAtMs === null ? 'age' : fits(nowMs - publishedAtMs);
}

function ofMalice({ malicious }: PackageRule): Criterion | null {
  return malicious === undefined
    ? null
    : ({ facts: { advisories } }) =>
        advisories === null ? 'advisories' : advisories.some(isMalicious) === malicious;
}

function ofAdvisories({ advisories: wanted }: PackageRule): Criterion | null {
  if (wanted === undefined) {
    return null;
  }
  const patterns = wanted.map(pattern => pattern.toUpperCase());
  return ({ facts: { advisories } }) =>
    advisories === null
      ? 'advisories'
      : advisories
          .flatMap(({ id, aliases }) => [id, ...aliases])
          .some(id => patterns.some(pattern => fitsPattern(pattern, id.toUpperCase())));
}

function ofSeverity({ min_severity: least }: PackageRule): Criterion | null {
  if (least === undefined) {
    return null;
  }
  const rank = (severity: Severity) => SEVERITIES.indexOf(severity);
  return ({ facts: { advisories } }) => {
    if (advisories === null) {
      return 'advisories';
    }
    if (advisories.some(({ severity }) => severity !== null && rank(severity) >= rank(least))) {
      return true;
    }
    return advisories.some(({ severity }) => severity === null) ? 'severity' : false;
  };
}

/**
 * A rule that allows must be sure that listed licences are enough; every other one fits where they cannot be got round. So
 * `MIT OR GPL-3.0-only` is allowed by a rule that allows MIT, and is not denied by one that denies GPL.
 */
function ofLicences({ licences, effect }: PackageRule): Criterion | null {
  if (licences === undefined) {
    return null;
  }
  const patterns = licences.map(licencePattern).filter(pattern => pattern !== null);
  const fits = effect === 'allow' ? isCovered : isBound;
  return ({ licence }) => (licence === null ? 'licence' : fits(licence, patterns));
}
