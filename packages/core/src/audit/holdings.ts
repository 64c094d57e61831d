import type { AuditRecord } from '@labkeeper/protocol';

/** What a record changes about what lies in an environment. */
export type HoldingEffect =
  /** This version is there; others may be there too: interrupted installs leave them. */
  | 'beside'
  /** This version is there, and no other. */
  | 'instead'
  /** This version is there no longer. */
  | 'gone';

/** @returns null = it changes nothing: it is about something else, or it failed. */
export function holdingEffect(record: AuditRecord): HoldingEffect | null {
  if (record.package === null || record.outcome?.ok === false) {
    return null;
  }
  switch (record.action) {
    case 'found-on-disk':
    case 'install':
      return 'beside';
    case 'upgrade':
      return 'instead';
    case 'remove':
      return 'gone';
    default:
      return null;
  }
}

/** Where a package is held. */
export interface IHoldingPlace {
  readonly server: number;
  /** Its id; '' = nobody told which. */
  readonly environment: string;
  readonly ecosystem: string;
  readonly name: string;
}

/** One record, as far as it changes what is held. */
export interface IHoldingChange extends IHoldingPlace {
  /** null = not known. */
  readonly version: string | null;
  readonly effect: HoldingEffect;
  /** When the hub received it, epoch ms. */
  readonly atMs: number;
}

/** A version that is held. */
export interface IHolding extends IHoldingPlace {
  readonly version: string | null;
  readonly sinceMs: number;
}

/** An end; never before the begin, also where clocks of replicas differ. */
export interface IHoldingEnd<Change> {
  readonly by: Change;
  readonly untilMs: number;
}

/** What changes make of what is held. */
export interface IChangedHoldings<Held, Change> {
  /** Of those that were held before. */
  readonly closed: readonly (IHoldingEnd<Change> & { readonly held: Held })[];
  /** In the order in which they began; `end` = one of the later changes ended it again. */
  readonly opened: readonly { readonly by: Change; readonly end: IHoldingEnd<Change> | null }[];
}

/**
 * Who holds what, one record after the other. Nothing ends by itself: a server that is not heard of any more keeps what it
 * had, until a record says otherwise.
 *
 * @param held - all that is held at the places of the changes.
 * @param changes - in the order of the log.
 */
export function changeHoldings<Held extends IHolding, Change extends IHoldingChange>(
  held: readonly Held[],
  changes: readonly Change[]
): IChangedHoldings<Held, Change> {
  const closed: (IHoldingEnd<Change> & { held: Held })[] = [];
  const opened: IOpened<Change>[] = [];
  const places = new Map<string, IOpen<Change>[]>();
  for (const one of held) {
    const { version, sinceMs } = one;
    const close = (end: IHoldingEnd<Change>): void => void closed.push({ held: one, ...end });
    const key = placeKey(one);
    places.set(key, [...(places.get(key) ?? []), { version, sinceMs, close }]);
  }
  for (const change of changes) {
    const key = placeKey(change);
    const before = places.get(key) ?? [];
    const after = before.filter(one => !isEnded(one.version, change));
    for (const one of before) {
      if (!after.includes(one)) {
        one.close({ by: change, untilMs: Math.max(one.sinceMs, change.atMs) });
      }
    }
    if (isNew(change, after)) {
      const begun: IOpened<Change> = { by: change, end: null };
      opened.push(begun);
      const close = (end: IHoldingEnd<Change>): void => void (begun.end = end);
      after.push({ version: change.version, sinceMs: change.atMs, close });
    }
    places.set(key, after);
  }
  return { closed, opened };
}

interface IOpened<Change> {
  readonly by: Change;
  end: IHoldingEnd<Change> | null;
}

interface IOpen<Change> {
  readonly version: string | null;
  readonly sinceMs: number;
  close(end: IHoldingEnd<Change>): void;
}

function isEnded(version: string | null, change: IHoldingChange): boolean {
  switch (change.effect) {
    case 'beside':
      // What was not known is known now.
      return version === null && change.version !== null;
    case 'instead':
      return version !== change.version;
    case 'gone':
      return version === null || change.version === null || version === change.version;
  }
}

function isNew(
  { effect, version }: IHoldingChange,
  held: readonly { readonly version: string | null }[]
): boolean {
  return (
    effect !== 'gone' && (version === null ? held.length === 0 : held.every(one => one.version !== version))
  );
}

function placeKey({ server, environment, ecosystem, name }: IHoldingPlace): string {
  return JSON.stringify([server, environment, ecosystem, name]);
}
