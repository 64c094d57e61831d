import { lastInstalls } from '../src/last-installs.js';
import { listed } from './examples.js';

it('reads installs alone, however much was said and decided since', () => {
  const said = Array.from({ length: 20 }, () => listed({ action: 'message', package: null }));
  const records = [...said, listed({ action: 'deny' }), listed(), listed({ action: 'remove' })];
  expect(lastInstalls(records).map(({ action }) => action)).toEqual(['install', 'remove']);
  expect(lastInstalls(Array.from({ length: 30 }, () => listed()))).toHaveLength(10);
});
