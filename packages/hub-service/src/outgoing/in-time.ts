import { SendError } from './failures.js';

/**
 * What looks a name up, given up when the time is over: the system's own limit is longer, and others wait.
 *
 * @param signal - aborted when the time is over. @throws SendError
 */
export function inTime<Result>(act: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((done, fail) => {
    const over = (): void => fail(new SendError('Its name was not found in time.'));
    signal.addEventListener('abort', over, { once: true });
    act.then(done, fail).finally(() => signal.removeEventListener('abort', over));
  });
}
