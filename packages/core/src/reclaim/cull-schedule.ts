/** Time between looks at an idle server, at most, in ms. */
const LOOK_MS = 60_000;
/** While a warning holds: whoever comes back shall see it go. */
const WARNED_LOOK_MS = 5000;

/** What holds now, and when to look again. */
export interface ICullOutlook {
  /** The server is culled in so many ms; null = not soon. */
  readonly culledInMs: number | null;
  readonly lookInMs: number;
}

/**
 * When an idle server is culled: `timeoutMs` after its last activity, told `warningMs` before. The hub looks only
 * every few minutes (`--cull-every` of jupyterhub-idle-culler), so it may live a little longer, never shorter.
 *
 * @param idleMs - for how long it has been idle by now; null = not known, or it is in use.
 */
export function cullOutlook(options: {
  readonly idleMs: number | null;
  readonly timeoutMs: number;
  readonly warningMs: number;
}): ICullOutlook {
  const { idleMs, timeoutMs, warningMs } = options;
  if (idleMs === null) {
    return { culledInMs: null, lookInMs: LOOK_MS };
  }
  const leftMs = Math.max(0, timeoutMs - Math.max(0, idleMs));
  const untilWarningMs = leftMs - warningMs;
  return untilWarningMs <= 0
    ? { culledInMs: leftMs, lookInMs: WARNED_LOOK_MS }
    : { culledInMs: null, lookInMs: Math.min(LOOK_MS, untilWarningMs) };
}
