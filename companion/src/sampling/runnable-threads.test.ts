import { Worker } from 'node:worker_threads';
import { until } from '../../test/until.js';
import { runnableThreads } from './runnable-threads.js';

describe('threads that want to run', () => {
  it('are those that compute, not those that sleep', async () => {
    const start = (code: string): Worker => new Worker(code, { eval: true });
    const sleepers = Array.from({ length: 3 }, () => start('setInterval(() => {}, 60_000)'));
    const busy = Array.from({ length: 3 }, () => start('for (;;) {}'));
    try {
      // This one runs too, to ask.
      await until(() => (runnableThreads('/proc', process.pid) ?? 0) >= 4);
      await Promise.all(busy.map(worker => worker.terminate()));
      await until(() => (runnableThreads('/proc', process.pid) ?? 9) <= 2);
    } finally {
      await Promise.all([...busy, ...sleepers].map(worker => worker.terminate()));
    }
  });

  it('are not known of a process that is gone', () => {
    expect(runnableThreads('/proc', 2 ** 30)).toBeNull();
  });
});
