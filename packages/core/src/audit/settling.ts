import type { IInstalled } from './installed-changes.js';

/** A distribution on the disk that may still be being written. */
export interface IFoundInstalled extends IInstalled {
  /** RECORD lists INSTALLER: pip and uv write that last. */
  readonly isComplete: boolean;
}

/** A complete one was written to the end; uv empties and rewrites RECORD in place, so it must have been quiet, in ms. */
const COMPLETE_MS = 500;
/** Installers that write no INSTALLER never say that they are done. */
const UNLISTED_MS = 30_000;
/** Between the removal of an old version and the new one lies a moment, in which it must not be told as removed. */
const GONE_MS = 5000;
/** pip moves the old version aside, to `~…`, and removes it when the new one is there. An interrupted one leaves that for ever. */
const ASIDE_MS = 10 * 60_000;

/** A folder that pip moved aside. */
export interface IMovedAside {
  /** Its name, which begins with `~`. */
  readonly folder: string;
  /** When it changed last, by the file system's clock, ms. */
  readonly changedAtMs: number;
}

/** What one look at a folder gave. */
export interface ILook {
  readonly found: readonly IFoundInstalled[];
  readonly aside: readonly IMovedAside[];
}

/** What is certain after a look. */
export interface ISettled {
  /** What is installed: what is still being changed counts as it was. */
  readonly installed: readonly IInstalled[];
  /** Something is being changed: look again soon. */
  readonly isUnsettled: boolean;
}

/**
 * Tells finished changes in one folder from those that are just being made: what has changed counts when it has been quiet
 * for a moment.
 */
export class Settling {
  /**
   * Takes one look.
   *
   * @param known - what counts as installed so far; null = nobody has looked.
   * @param wallMs - the clock that files' times are compared with.
   * @param monotonicMs - the clock that quiet is measured by.
   */
  look(known: readonly IInstalled[] | null, look: ILook, wallMs: number, monotonicMs: number): ISettled {
    const before = byName(known ?? []);
    const after = byName(look.found);
    const installed: IInstalled[] = [];
    let isUnsettled = false;
    const seen = new Map<string, { readonly state: string; readonly sinceMs: number }>();
    for (const name of new Set([...before.keys(), ...after.keys()])) {
      const [was, is] = [before.get(name) ?? [], after.get(name) ?? []];
      const state = stateOf(is);
      if (state === stateOf(was)) {
        installed.push(...is.map(withoutMark));
        continue;
      }
      const last = this.seen.get(name);
      const sinceMs = last?.state === state ? last.sinceMs : monotonicMs;
      seen.set(name, { state, sinceMs });
      const quietMs = monotonicMs - sinceMs;
      if (isQuiet(was, is, quietMs, wallMs) && !isAside(was, is, look.aside, wallMs)) {
        installed.push(...is.map(withoutMark));
      } else {
        installed.push(...was);
        isUnsettled = true;
      }
    }
    this.seen = seen;
    return { installed, isUnsettled };
  }

  /** Names that are not as they are known, and since when they have been as they are. */
  private seen = new Map<string, { readonly state: string; readonly sinceMs: number }>();
}

function isQuiet(
  was: readonly IInstalled[],
  is: readonly IFoundInstalled[],
  quietMs: number,
  wallMs: number
): boolean {
  const isShrinking = is.length < was.length;
  return (
    (!isShrinking || quietMs >= GONE_MS) &&
    is.every(({ isComplete, changedAtMs }) => {
      // What was written long ago need not be watched first: at a start everything is new to us.
      const sinceMs = Math.max(quietMs, wallMs - changedAtMs);
      return sinceMs >= (isComplete ? COMPLETE_MS : UNLISTED_MS);
    })
  );
}

/** Whether an old version that is gone was only moved aside: the install is not through, or will be taken back. */
function isAside(
  was: readonly IInstalled[],
  is: readonly IInstalled[],
  aside: readonly IMovedAside[],
  wallMs: number
): boolean {
  return was
    .filter(({ folder }) => !is.some(one => one.folder === folder))
    .some(({ folder }) =>
      aside.some(
        // `~` in the place of the first letter; more of them are replaced where that name is taken.
        moved => folder.endsWith(moved.folder.slice(2)) && Math.abs(wallMs - moved.changedAtMs) < ASIDE_MS
      )
    );
}

function stateOf(list: readonly IInstalled[]): string {
  return list
    .map(({ folder, signature }) => `${folder}\n${signature}`)
    .sort()
    .join('\n');
}

function byName<T extends IInstalled>(list: readonly T[]): Map<string, T[]> {
  const names = new Map<string, T[]>();
  for (const one of list) {
    names.set(one.name, [...(names.get(one.name) ?? []), one]);
  }
  return names;
}

function withoutMark({ isComplete: _, ...installed }: IFoundInstalled): IInstalled {
  return installed;
}
