/**
 * Asks at most once in a while, however many want to know: those who ask meanwhile get the same answer.
 *
 * @param ask - must not reject.
 * @param forMs - how long an answer counts, from its question on.
 * @param monotonicMs - milliseconds that only grow.
 */
export function sharedAnswer<T>(
  ask: () => Promise<T>,
  forMs: number,
  monotonicMs: () => number
): () => Promise<T> {
  let answer: { readonly is: Promise<T>; readonly untilMs: number } | null = null;
  return () => {
    const nowMs = monotonicMs();
    if (answer === null || nowMs >= answer.untilMs) {
      answer = { is: ask(), untilMs: nowMs + forMs };
    }
    return answer.is;
  };
}
