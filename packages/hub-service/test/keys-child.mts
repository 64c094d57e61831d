/**
 * Opens the keys of a service, or changes the master key, and is killed at its nth statement:
 * `node keys-child.mjs start|rotate PLACE SETTINGS N`. Says `done` if it got that far.
 */
import { StatementSync } from 'node:sqlite';
import { rotateMasterCommand } from '../src/keys/rotate-master-command.js';
import { startKeys, storageVariables } from './support/service-keys.js';
import { killAt } from './support/kill-at.js';

const [what = '', place = '', settings = '', at = ''] = process.argv.slice(2);
killAt(Number(at), [
  [StatementSync.prototype, 'run'],
  [StatementSync.prototype, 'all']
]);
if (what === 'start') {
  await (await startKeys(JSON.parse(place), JSON.parse(settings))).database.close();
} else {
  const code = await rotateMasterCommand({
    words: [],
    variables: storageVariables(JSON.parse(place), JSON.parse(settings)),
    nowMs: () => Date.now(),
    say: () => undefined,
    complain: line => process.stderr.write(line)
  });
  if (code !== 0) {
    throw new Error(`It ended with ${code}.`);
  }
}
process.stdout.write('done');
