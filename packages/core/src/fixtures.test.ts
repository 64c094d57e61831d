import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deathSeen, deathsKnown, parseParams } from '@labkeeper/protocol';
import { judge } from './judge.js';

function params(name: string): unknown {
  return JSON.parse(readFileSync(join(__dirname, `../../protocol/fixtures/v1/${name}.json`), 'utf8')).params;
}

const DEATHS = [
  parseParams(deathSeen, params('kernel-death.companion')),
  ...parseParams(deathsKnown, params('kernel-deaths.companion')).deaths
];

describe('the golden fixtures', () => {
  it.each(DEATHS.map(death => ({ death, cause: death.verdict.cause })))(
    'hold the verdict that is given today: $cause',
    ({ death }) => expect(judge(death.evidence)).toEqual(death.verdict)
  );
});
