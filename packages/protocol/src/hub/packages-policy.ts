import * as v from 'valibot';
import {
  PACKAGE_LENGTHS,
  PackageEcosystem,
  PackageEffect,
  PackagesMode,
  Severity
} from '../values/packages.js';
import { IMAGE_LENGTH, REASON_LENGTH } from './events.js';

/** Rules in one policy, at most. */
const RULES = 500;
/** Names, groups or other entries of one list, at most. */
const ENTRIES = 500;
/** Longest age that a rule can ask for, in days. */
const DAYS = 36_600;

const Text = (length: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(length));
const List = (length: number) =>
  v.optional(v.pipe(v.array(Text(length)), v.minLength(1), v.maxLength(ENTRIES)));
const Days = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(DAYS)));

/**
 * Names a rule in records, and in what pip prints: that must be a legal part of a version, so no dash stands at an end or
 * beside another.
 */
const RuleId = v.pipe(v.string(), v.maxLength(32), v.regex(/^[a-z0-9]+(-[a-z0-9]+)*$/));

/** One `[[packages.rule]]`. Everything that is named must fit; of a list one entry is enough. */
export const PackageRule = v.strictObject({
  id: RuleId,
  effect: PackageEffect,
  /** Absent = of both. */
  ecosystem: v.optional(PackageEcosystem),
  /** `*` stands for any text, `?` for one character. */
  names: List(PACKAGE_LENGTHS.name),
  /** A specifier such as `>=1.2,<2`. */
  version: v.optional(Text(256)),
  /** SPDX identifiers, also with `*`, or one with its exception. */
  licences: List(128),
  /** At least so old. */
  min_age_days: Days,
  /** Not yet so old. */
  younger_than_days: Days,
  /** Has an advisory that is at least so bad. */
  min_severity: v.optional(Severity),
  /** Has one of these advisories: identifiers, also with `*`. */
  advisories: List(128),
  /** Whether it is known to be malicious. */
  malicious: v.optional(v.boolean()),
  /** Comes from one of these indexes or channels. */
  indexes: List(512),
  hubs: List(64),
  groups: List(255),
  images: List(IMAGE_LENGTH),
  /** What the rule does where all that is known fits, and something that it names is not known. */
  unknown: v.optional(
    v.picklist([
      /** It wants an approval. */
      'ask',
      /** As if it fitted. */
      'apply',
      /** Nothing. */
      'pass'
    ])
  ),
  /** Why, for people. */
  reason: Text(REASON_LENGTH),
  /** What they can do, in place of our own sentence. */
  next: v.optional(Text(REASON_LENGTH))
});
export type PackageRule = v.InferOutput<typeof PackageRule>;

/** `[packages]`: which packages may be installed. */
export const PackagesPolicy = v.strictObject({
  mode: v.optional(PackagesMode, 'observe'),
  /** What holds for packages that no rule fits. */
  default: v.optional(PackageEffect, 'allow'),
  /** Whether what is known to be malicious is denied before any rule, or by rules alone. */
  malicious: v.optional(v.picklist(['deny', 'by-rules']), 'deny'),
  rule: v.optional(v.pipe(v.array(PackageRule), v.maxLength(RULES)), [])
});
export type PackagesPolicy = v.InferOutput<typeof PackagesPolicy>;

/** Without a word about packages: all are allowed, and what is known to be malicious is on record as such. */
export const NO_PACKAGES_POLICY: PackagesPolicy = {
  mode: 'observe',
  default: 'allow',
  malicious: 'deny',
  rule: []
};
