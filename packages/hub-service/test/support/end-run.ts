import { removeRun } from './test-run.ts';

/** After all tests. */
export default async function endRun(): Promise<void> {
  const run = process.env['LABKEEPER_TEST_RUN'];
  if (run !== undefined) {
    await removeRun(run).catch(() => {
      // There is no PostgreSQL, so there is nothing in it.
    });
  }
}
