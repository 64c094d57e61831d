import * as v from 'valibot';
import { IMAGE_LENGTH, REASON_LENGTH, SwitchablePart } from './events.js';
import { DirectoryPolicy, OUTGOING_TARGETS, OutgoingTarget } from './outgoing.js';
import { PackagesPolicy } from './packages-policy.js';
import { PolicyRetention } from './retention.js';

/** Switches in one policy, at most. */
const SWITCHES = 500;
/** Groups or images of one switch, at most. */
const NAMES = 200;

const Name = (length: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(length));

/** One `[[switch]]`: for whom a part is off, or stays on. Everything that is named must hold. */
export const PolicySwitch = v.strictObject({
  part: SwitchablePart,
  state: v.picklist(['off', 'on']),
  /** At one of these hubs, where several share the service; absent = at all. */
  hubs: v.optional(v.pipe(v.array(Name(64)), v.minLength(1), v.maxLength(NAMES))),
  /** For those who are in one of these groups; absent = for all. */
  groups: v.optional(v.pipe(v.array(Name(255)), v.minLength(1), v.maxLength(NAMES))),
  /** For servers of these images: `*` stands for any text, `?` for one character; absent = for all. */
  images: v.optional(v.pipe(v.array(Name(IMAGE_LENGTH)), v.minLength(1), v.maxLength(NAMES))),
  /** For this share of the users, always the same ones; absent = for all. */
  share: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  /** Why, for people. */
  reason: Name(REASON_LENGTH)
});
export type PolicySwitch = v.InferOutput<typeof PolicySwitch>;

/** Entries of support in one policy, at most. */
const SUPPORT = 100;

/** One `[[support]]`: people at a hub who may read the log of others. */
export const PolicySupport = v.strictObject({
  /** `name@hub`, each a person at that hub; whoever has the name at another is nobody here. */
  people: v.pipe(
    v.array(v.pipe(Name(320), v.regex(/^[^\p{C}/]{1,255}@[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/u))),
    v.minLength(1),
    v.maxLength(NAMES)
  ),
  /** Names of hubs, and no pattern. */
  hubs: v.pipe(
    v.array(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/))),
    v.minLength(1),
    v.maxLength(NAMES)
  ),
  /** Why, for people. */
  reason: Name(REASON_LENGTH)
});
export type PolicySupport = v.InferOutput<typeof PolicySupport>;

/** `[events]`: deaths of kernels, throttling and saves. */
export const PolicyEvents = v.strictObject({
  /** Whether servers send them. */
  send: v.optional(v.boolean(), true),
  /** Whether they send counts of error classes too. */
  errors: v.optional(v.boolean(), false),
  /** How long they are kept. */
  days: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(400)), 30)
});
export type PolicyEvents = v.InferOutput<typeof PolicyEvents>;

/** What `labkeeper.toml` says. */
export const Policy = v.strictObject({
  events: v.optional(PolicyEvents),
  retention: v.optional(PolicyRetention),
  switch: v.optional(v.pipe(v.array(PolicySwitch), v.maxLength(SWITCHES)), []),
  target: v.optional(v.pipe(v.array(OutgoingTarget), v.maxLength(OUTGOING_TARGETS))),
  directory: v.optional(DirectoryPolicy),
  support: v.optional(v.pipe(v.array(PolicySupport), v.maxLength(SUPPORT))),
  packages: v.optional(PackagesPolicy)
});
export type Policy = v.InferOutput<typeof Policy>;

/** A policy that says nothing: everything is on. */
export const NO_POLICY: Policy = { switch: [] };
