#!/usr/bin/env node
/**
 * Labkeeper in real containers: jupyter_server, its extension and the companion under Docker's limits.
 *
 *     node tests/docker/run.mjs [--kills N] [--only name,name] [--json FILE]
 *
 * `--kills N`: how often a whole container is killed from outside (default 2; the promise `death.group.unexplained`
 * takes 40 of its 100 from here). Exit code 0 = all passed, 1 = not, 77 = skipped because no engine can be had.
 */
import { parseArgs } from 'node:util';
import { Reporting } from '../machine/reporting.mjs';
import { SKIPPED, Unavailable } from '../machine/unavailable.mjs';
import { Engine } from './engine.mjs';
import { SCENARIOS } from './scenarios.mjs';

const { values: options } = parseArgs({
  options: { kills: { type: 'string', default: '2' }, only: { type: 'string' }, json: { type: 'string' } }
});

/** Most of the time a scenario waits: for a start at half a core, or for records to be believed to be of the past. */
const AT_ONCE = 3;

async function main() {
  const reporting = new Reporting();
  const engine = await Engine.open();
  const stop = () => {
    engine.close().then(
      () => process.exit(130),
      error => {
        console.error(error);
        process.exit(1);
      }
    );
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    console.log(`  ${engine.about.own ? 'an engine of our own' : `the engine at ${engine.about.host}`}`);
    const only = options.only?.split(',') ?? null;
    await reporting.run(SCENARIOS, { only, kills: Number(options.kills), atOnce: AT_ONCE }, engine);
  } finally {
    await engine.close();
  }
  return await reporting.finish(options.json);
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Unavailable)) {
    throw error;
  }
  console.log(`skipped: containers: ${error.message}`);
  process.exitCode = SKIPPED;
}
