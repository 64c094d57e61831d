import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { DatabaseKind } from '../src/store/database.js';
import { RetainedLog } from './support/retained-log.js';
import { scratchFolder } from './support/scratch-databases.js';
import { buildProgram } from './support/build-program.js';

jest.setTimeout(600_000);

describe.each<DatabaseKind>(['sqlite', 'postgres'])('retention on %s', kind => {
  const folder = scratchFolder();
  const program = join(folder.path, 'child.mjs');
  beforeAll(async () => {
    await buildProgram(join(__dirname, 'retire-child.mts'), program);
  });
  afterAll(() => folder.remove());

  it('is killed at its statements, and what is there verifies each time, to the end', async () => {
    const log = await RetainedLog.open(kind, true);
    await log.happens('anna', ['install', 'found-on-disk', 'heartbeat', 'install']);
    await log.digest();
    await log.happens('ben', ['install', 'install']);
    await log.digest();
    log.policy = { installs: '30 days', disk: '30 days' };
    await log.livesOn(29.5);
    log.pass(0.9);
    let kills = 0;
    let said = '';
    // The statements are the same; a start takes seconds on PostgreSQL.
    const step = kind === 'postgres' ? 3 : 1;
    for (let statement = 1; said !== 'done'; statement += step) {
      const words = [
        program,
        JSON.stringify(log.scratch.place),
        log.stateFolder,
        `${log.nowMs}`,
        `${statement}`
      ];
      const child = spawnSync(process.execPath, words, { encoding: 'utf8' });
      expect(child.stderr).toBe('');
      said = child.stdout;
      kills += child.signal === 'SIGKILL' ? 1 : 0;
      // As the next start and whoever exports do.
      await log.acts.flush();
      const report = await log.verified();
      expect([statement, report.findings.first]).toEqual([statement, []]);
      const { records } = report.deleted;
      expect(report.records + records).toBe(await log.range.end());
    }
    expect(kills).toBeGreaterThan(20 / step);
    await log.digest();
    expect((await log.verified()).deleted.records).toBe(5);
    expect((await log.rows()).map(({ action }) => action)).toEqual(['heartbeat', 'retire', 'retire']);
    await log.close();
  });
});
