import * as v from 'valibot';
import { PACKAGE_LENGTHS, PackageEcosystem, PackageEffect, Severity } from '../values/packages.js';
import { IMAGE_LENGTH } from './events.js';

const Text = (length: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(length));
const Texts = (length: number) => v.pipe(v.array(Text(length)), v.maxLength(100));

/** One `[[case]]`: a package, what is known of it, and what policy should say. What is left out is not known. */
export const PackageCase = v.strictObject({
  name: Text(PACKAGE_LENGTHS.name),
  version: v.optional(Text(PACKAGE_LENGTHS.version)),
  ecosystem: v.optional(PackageEcosystem, 'pypi'),
  licence: v.optional(Text(PACKAGE_LENGTHS.licence)),
  /** How long ago it was published. */
  age_days: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(36_600))),
  /** Left out: not known; `[]`: there are none. */
  advisories: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          id: Text(128),
          aliases: v.optional(Texts(128), []),
          severity: v.optional(Severity)
        })
      ),
      v.maxLength(100)
    )
  ),
  index: v.optional(Text(512)),
  hub: v.optional(Text(64), 'hub'),
  user: v.optional(Text(255), 'somebody'),
  /** Left out: she is in none. */
  groups: v.optional(Texts(255), []),
  image: v.optional(Text(IMAGE_LENGTH)),
  /** What policy should say. */
  expect: v.optional(PackageEffect),
  /** By which rule; left out: by any. */
  rule: v.optional(Text(32))
});
export type PackageCase = v.InferOutput<typeof PackageCase>;

/** A file of cases for `labkeeper policy test`. */
export const PackageCases = v.strictObject({
  case: v.pipe(
    v.array(v.strictObject({ ...PackageCase.entries, expect: PackageEffect })),
    v.minLength(1),
    v.maxLength(5000)
  )
});
export type PackageCases = v.InferOutput<typeof PackageCases>;
