import { BROWSER_MS, JOURNAL_MS, PULSE_MS } from './save-schedule.js';

/** Where the newest work of a document is. */
export type SafePlace = 'file' | 'journal' | 'browser';

/** To whom this page leaves the file of a document; it keeps the journal. */
export type LeftTo =
  /** Another tab of this browser. */
  | 'other-tab-writes'
  /** A page of another browser. */
  | 'other-page-writes'
  /** The server's room, in which several people edit at the same time. */
  | 'room-saves'
  /** JupyterLab: the document lies on a drive of its own kind. */
  | 'other-drive'
  /** JupyterLab, since the answer to a save of ours did not make sense. */
  | 'save-looked-wrong'
  /** JupyterLab, because the user or the administrator wants it so. */
  | 'lab-saves'
  /** The user: JupyterLab's autosave is switched off. */
  | 'switched-off';

/** Why work is not safe, or not as safe as it should be; the page has the words. */
export type SaveReason =
  | 'offline'
  | 'companion-away'
  | 'disk-full'
  | 'journal-full'
  | 'journal-read-only'
  | 'read-only'
  | 'not-permitted'
  | 'too-large'
  | 'server-error'
  | 'logged-out'
  | 'proxy-error'
  | 'no-answer'
  | 'quota-full'
  | 'no-folder'
  | 'bad-name'
  | 'name-taken'
  | 'bad-content'
  | 'room-not-written'
  | 'slow-home'
  | 'slow-save'
  | 'not-kept'
  | LeftTo;

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
  /** Nobody writes the file by itself: it waits for the user's command, or for another page to go. */
  readonly waits: boolean;
  /** The file was changed by somebody else and both versions are kept. */
  readonly conflict: boolean;
  /** The longest that a change may now be unsafe, in ms. */
  readonly boundMs: number;
  /** The longest that a change now takes to the journal where the home is slow, see `slowHomeMs`; null = it is not. */
  readonly slowHomeMs: number | null;
}

/** What the light shows. */
export interface ILight {
  /**
   * `safe`: nothing would be lost, or only what is younger than the bound. `browser`: it would survive this page but
   * not this machine's browser. `unsafe`: older than the bound, or nothing can be saved. `conflict`: safe, and kept
   * twice. `journal`: safe, but in the journal alone, and the file does not follow.
   */
  readonly level: 'safe' | 'saving' | 'browser' | 'unsafe' | 'conflict' | 'journal';
  /** Age of the oldest unsafe change in ms, 0 = none: the document as it was this long ago is safe. */
  readonly ageMs: number;
  readonly place: SafePlace;
  readonly reason: SaveReason | null;
  /** The home is slow: changes are safe within this many ms. null = it is not. */
  readonly slowHomeMs: number | null;
}

/** Above this bound of the journal, in ms, a home is slow: one fsync takes ten times as long as on a local disk. */
const SLOW_HOME_MS = 2000;

/**
 * The longest that a change takes to the disk on a slow home, from the key to the journal, in ms.
 *
 * @param journalBoundMs - what the companion says that records wait for the disk at most.
 * @returns null where the home is not slow.
 */
export function slowHomeMs(journalBoundMs: number): number | null {
  return journalBoundMs > SLOW_HOME_MS ? JOURNAL_MS + PULSE_MS + journalBoundMs : null;
}

/** Where tries fail, the light does not wait for the bound but turns at this share of it. */
const PATIENCE = 0.5;

/** While somebody types, the browser's store is behind by two pulses, and by what it takes to write. */
const BROWSER_LAG_MS = BROWSER_MS + 3 * PULSE_MS;

/** Decides what a document's light shows. It is never greener than the truth. */
export function lightOf(input: ILightInput): ILight {
  const { nowMs, unsafeSinceMs, nowhereSinceMs, unsavedSinceMs, reason, boundMs, slowHomeMs } = input;
  const unsafeMs = unsafeSinceMs === null ? 0 : nowMs - unsafeSinceMs;
  const place: SafePlace = unsavedSinceMs === null || unsavedSinceMs === unsafeSinceMs ? 'file' : 'journal';
  const isLate = unsafeMs > boundMs || (input.failing && unsafeMs > boundMs * PATIENCE);
  if (isLate) {
    const inBrowser = nowhereSinceMs === null || nowMs - nowhereSinceMs <= BROWSER_LAG_MS;
    return { level: inBrowser ? 'browser' : 'unsafe', ageMs: unsafeMs, place: 'browser', reason, slowHomeMs };
  }
  const isHeld = place === 'journal' && (input.failing || input.waits);
  const level = isHeld ? 'journal' : input.conflict ? 'conflict' : input.isSaving ? 'saving' : 'safe';
  return { level, ageMs: unsafeMs, place, reason, slowHomeMs };
}
