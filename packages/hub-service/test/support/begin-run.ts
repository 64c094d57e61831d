import { newRun, removeLeftRuns, sweepRun } from './test-run.ts';

const SWEEP_MS = 20_000;

/** Before all tests: names this run, for every process of it, and has removed databases dropped while it lasts. */
export default async function beginRun(): Promise<void> {
  const run = newRun(Date.now());
  process.env['LABKEEPER_TEST_RUN'] = run;
  await removeLeftRuns(Date.now()).catch(() => {
    // There is no PostgreSQL: tests that need one say so, and the others need none.
  });
  let sweeping: Promise<void> | null = null;
  setInterval(() => {
    sweeping ??= sweepRun(run)
      .catch(() => {
        // Likewise; what is left goes at the end.
      })
      .finally(() => (sweeping = null));
  }, SWEEP_MS).unref();
}
