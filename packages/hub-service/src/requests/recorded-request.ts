import type { AuditRecord, PersonalPart } from '@labkeeper/protocol';

const IN_TEXT = /^request ([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/**
 * The request that a record of the service is about, by its id; null = it does not say.
 *
 * @param record - graded as the hub's own: a container can write anything there.
 */
export function requestIdOf({ message, decision, evidence }: AuditRecord): string | null {
  if (message) {
    return message.request;
  }
  const texts = [decision?.ruleId, ...evidence.map(({ ref }) => ref)];
  return texts.map(text => IN_TEXT.exec(text ?? '')?.[1]).find(id => id !== undefined) ?? null;
}

/** What the personal part of a request's record tells, as `linesOfAct` wrote it. */
export interface IRecordedAct {
  /** What was done, one of `IRequestActTable['kind']`, as far as this version knows. */
  readonly kind: string;
  /** '' = nobody. */
  readonly by: string;
  /** What was asked for, as JSON; null = it was not asked then. */
  readonly want: string | null;
  readonly words: string;
}

/** Who did what with a request, by the personal part of its record; null = it holds no such thing. */
export function recordedAct({ argv }: PersonalPart): IRecordedAct | null {
  const [first = '', ...lines] = argv ?? [];
  const [, kind, by] = /^([a-z]+) by (.*)$/s.exec(first) ?? [];
  if (kind === undefined || by === undefined) {
    return null;
  }
  const [want = null, ...reason] = kind === 'submit' ? lines : [null, ...lines];
  return { kind, by: by === 'nobody' ? '' : by, want, words: reason.join('') };
}
