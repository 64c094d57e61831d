/** What an earlier companion left about its own life. */
export interface IEarlierLife {
  /** Names the server process that it belonged to. */
  readonly serverId: string;
  /** The last time at which it is known to have lived, wall clock. */
  readonly lastMs: number;
  /** It ended in order, and its stream says so. */
  readonly closed: boolean;
}

/**
 * Since when nobody looked, wall clock ms; null = there is no gap to tell. A server that was stopped in order had nobody
 * who could have installed anything. Where the server went on without its companion, or nobody closed the stream, that is
 * not known.
 *
 * @param earlier - of one server, in any order.
 * @param serverId - of the server that runs now.
 */
export function unwatchedSinceMs(earlier: readonly IEarlierLife[], serverId: string): number | null {
  const last = earlier.reduce<IEarlierLife | null>(
    (latest, life) => (latest === null || life.lastMs > latest.lastMs ? life : latest),
    null
  );
  return last === null || (last.closed && last.serverId !== serverId) ? null : last.lastMs;
}
