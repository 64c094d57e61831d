/**
 * Opens the keys of a service, or changes the master key, and is killed at its nth statement:
 * `node keys-child.mjs start|rotate PLACE SETTINGS N`. Says `done` if it got that far.
 */
import { StatementSync } from 'node:sqlite';
import pg from 'pg';
import { rotateMasterCommand } from '../src/keys/rotate-master-command.js';
import { startKeys, storageVariables } from './support/service-keys.js';

const [what = '', place = '', settings = '', at = ''] = process.argv.slice(2);
let left = Number(at);
const count = (): void => {
  left -= 1;
  if (left === 0) {
    process.kill(process.pid, 'SIGKILL');
  }
};
for (const [type, name] of [
  [StatementSync.prototype, 'run'],
  [StatementSync.prototype, 'all'],
  [pg.Client.prototype, 'query']
] as const) {
  const method: unknown = Reflect.get(type, name);
  if (typeof method !== 'function') {
    throw new Error(`There is no ${name}.`);
  }
  Reflect.set(type, name, function (this: unknown, ...all: unknown[]): unknown {
    count();
    return Reflect.apply(method, this, all);
  });
}
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
