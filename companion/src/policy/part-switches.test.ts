import { PartSwitches } from './part-switches.js';

it('switches parts off and on as policy says', () => {
  const switches = new PartSwitches(new Set());
  expect(switches.set(new Set(['meter', 'audit']))).toEqual(['meter', 'audit']);
  expect([switches.has('meter'), switches.has('deaths'), switches.off]).toEqual([
    true,
    false,
    ['meter', 'audit']
  ]);
  expect(switches.set(new Set(['deaths', 'audit']))).toEqual(['meter', 'deaths']);
  expect(switches.set(new Set(['audit', 'deaths']))).toEqual([]);
  expect(switches.off).toEqual(['deaths', 'audit']);
});

it('switches nothing on that the container switched off', () => {
  const switches = new PartSwitches(new Set(['meter', 'gpu']));
  expect(switches.set(new Set(['meter', 'deaths']))).toEqual(['deaths']);
  expect(switches.off).toEqual(['meter', 'gpu', 'deaths']);
  expect(switches.set(new Set())).toEqual(['deaths']);
  expect([switches.has('meter'), switches.off]).toEqual([true, ['meter', 'gpu']]);
});
