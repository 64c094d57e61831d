/** Where the newest work of a document is. */
export type SafePlace = 'file' | 'journal' | 'browser';

/** Why work is not safe, or not as safe as it should be; the page has the words. */
export type SaveReason =
  | 'offline'
  | 'companion-away'
  | 'disk-full'
  | 'journal-full'
  | 'read-only'
  | 'not-permitted'
  | 'too-large'
  | 'server-error'
  | 'logged-out'
  | 'proxy-error'
  | 'no-answer'
  | 'room-not-written'
  | 'other-tab-writes'
  | 'switched-off'
  | 'slow-home';

/** What is known about one document at one moment. Times are monotonic ms. */
export interface ILightInput {
  readonly nowMs: number;
  /** Oldest change that would be lost with this machine; null = none. */
  readonly unsafeSinceMs: number | null;
  /** Oldest change that would be lost with this page; null = none. */
  readonly nowhereSinceMs: number | null;
  /** Oldest change that the file does not hold; null = none. */
  readonly unsavedSinceMs: number | null;
  readonly isSaving: boolean;
  /** What is wrong with the saves or the journal; null = nothing that is known. */
  readonly reason: SaveReason | null;
  /** The last try to make it safe failed. */
  readonly failing: boolean;
  /** The file was changed by somebody else and both versions are kept. */
  readonly conflict: boolean;
  /** The longest that a change may now be unsafe, in ms. */
  readonly boundMs: number;
}

/** What the light shows. */
export interface ILight {
  /**
   * `safe`: nothing would be lost, or only what is younger than the bound. `browser`: it would survive this page but
   * not this machine's browser. `unsafe`: older than the bound, or nothing can be saved. `conflict`: safe, and kept
   * twice.
   */
  readonly level: 'safe' | 'saving' | 'browser' | 'unsafe' | 'conflict';
  /** Age of the oldest unsafe change in ms, 0 = none: the document as it was this long ago is safe. */
  readonly ageMs: number;
  readonly place: SafePlace;
  readonly reason: SaveReason | null;
}

/** Where tries fail, the light does not wait for the bound but turns at this share of it. */
const PATIENCE = 0.5;

/** Decides what a document's light shows. It is never greener than the truth. */
export function lightOf(input: ILightInput): ILight {
  const { nowMs, unsafeSinceMs, nowhereSinceMs, unsavedSinceMs, reason, boundMs } = input;
  const unsafeMs = unsafeSinceMs === null ? 0 : nowMs - unsafeSinceMs;
  const place: SafePlace = unsavedSinceMs === null || unsavedSinceMs === unsafeSinceMs ? 'file' : 'journal';
  const isLate = unsafeMs > boundMs || (input.failing && unsafeMs > boundMs * PATIENCE);
  if (isLate) {
    const inBrowser = nowhereSinceMs === null || nowMs - nowhereSinceMs <= boundMs * PATIENCE;
    return { level: inBrowser ? 'browser' : 'unsafe', ageMs: unsafeMs, place: 'browser', reason };
  }
  const level = input.conflict ? 'conflict' : input.isSaving ? 'saving' : 'safe';
  return { level, ageMs: unsafeMs, place, reason };
}
