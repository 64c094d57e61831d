import * as v from 'valibot';
import { Count, EpochMs } from './units.js';

/** What packages are of that policy decides about. */
export const PackageEcosystem = v.picklist(['pypi', 'conda']);
export type PackageEcosystem = v.InferOutput<typeof PackageEcosystem>;

/** What policy says of a package, from the laxest to the strictest. */
export const PACKAGE_EFFECTS = ['allow', 'warn', 'require-approval', 'deny'] as const;
export const PackageEffect = v.picklist(PACKAGE_EFFECTS);
export type PackageEffect = v.InferOutput<typeof PackageEffect>;

/** What is done with a verdict; never what it is. */
export const PackagesMode = v.picklist([
  /** Nothing is refused, and nobody is told but the record. */
  'observe',
  /** Nothing is refused; who installs is told what would be, and why. */
  'explain',
  /** What is not allowed is refused, with the reason. */
  'enforce'
]);
export type PackagesMode = v.InferOutput<typeof PackagesMode>;

/** How bad an advisory is, from the mildest to the worst. */
export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;
export const Severity = v.picklist(SEVERITIES);
export type Severity = v.InferOutput<typeof Severity>;

/** Longest name, version, licence expression, and sentence for people, in characters. */
export const PACKAGE_LENGTHS = { name: 256, version: 128, licence: 1000, sentence: 1024 } as const;

const Name = v.pipe(v.string(), v.maxLength(PACKAGE_LENGTHS.name));
const Sentence = v.pipe(v.string(), v.maxLength(PACKAGE_LENGTHS.sentence));

/** What a rule may want to know and nobody knows. */
export const PACKAGE_FACTS = [
  'version',
  'licence',
  'age',
  'advisories',
  /** How bad one of its advisories is. */
  'severity',
  'index',
  'groups',
  'image'
] as const;
export const PackageFact = v.picklist(PACKAGE_FACTS);
export type PackageFact = v.InferOutput<typeof PackageFact>;

/** What policy says of one package for one person, and why. */
export const PackageVerdict = v.object({
  effect: PackageEffect,
  /** The rule that decided. */
  rule: v.object({
    id: Name,
    /** 1 is the first rule of the file; null = a rule of Labkeeper's own, or the default. */
    position: v.nullable(Count)
  }),
  /** Why, for people. */
  reason: Sentence,
  /** What to do next, for people; null = nothing, it can be installed. */
  next: v.nullable(Sentence),
  /** What rules wanted to know and nobody knew: each once, with the first rule that wanted it. */
  missing: v.pipe(v.array(v.object({ fact: PackageFact, rule: Name })), v.maxLength(PACKAGE_FACTS.length)),
  /** The approval by which it is allowed; null = by none. */
  approval: v.nullable(Name),
  /** The known package whose name this one's is like; null = none. */
  suggestion: v.nullable(Name),
  /** Until when it holds at least, because ages grow and approvals end; null = as long as the policy and the facts do. */
  untilMs: v.nullable(EpochMs)
});
export type PackageVerdict = v.InferOutput<typeof PackageVerdict>;

/** An approval: for whom, for which versions of one package, and until when. */
export const PackageApproval = v.object({
  id: v.pipe(Name, v.minLength(1)),
  ecosystem: PackageEcosystem,
  name: v.pipe(Name, v.minLength(1)),
  /** A specifier such as `>=1.2,<2`; null = every version. */
  version: v.nullable(v.pipe(v.string(), v.maxLength(256))),
  for: v.variant('kind', [
    v.object({ kind: v.literal('user'), hub: Name, user: Name }),
    v.object({ kind: v.literal('group'), hub: Name, group: Name }),
    /** Everybody at a hub. */
    v.object({ kind: v.literal('everyone'), hub: Name })
  ]),
  /** null = without end. */
  untilMs: v.nullable(EpochMs)
});
export type PackageApproval = v.InferOutput<typeof PackageApproval>;
