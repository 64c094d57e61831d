import * as fc from 'fast-check';
import { installedChanges, type IInstalled } from './installed-changes.js';
import { installed } from './installed.test.data.js';

const told = (known: IInstalled[] | null, now: IInstalled[]): string[] =>
  installedChanges(known, now).map(
    ({ action, installed: { name, version } }) => `${action} ${name} ${version}`
  );

describe('what has changed on the disk', () => {
  it('tells installs, upgrades, downgrades and removals apart', () => {
    const known = [installed('a', '1'), installed('b', '2'), installed('c', '1'), installed('d', '1')];
    const now = [installed('a', '2'), installed('b', '1'), installed('d', '1'), installed('e', '1')];
    expect(told(known, now)).toEqual(['upgrade a 2', 'upgrade b 1', 'remove c 1', 'install e 1']);
  });

  it('says of a first look only what lies there', () => {
    expect(told(null, [installed('a', '1')])).toEqual(['found-on-disk a 1']);
    expect(told([], [installed('a', '1')])).toEqual(['install a 1']);
  });

  it('takes the same version with other files for a new install, and other times for nothing', () => {
    const known = [installed('a', '1'), installed('b', '1')];
    const now = [installed('a', '1', { recordDigest: 'e' }), installed('b', '1', { signature: 't' })];
    expect(told(known, now)).toEqual(['install a 1']);
  });

  it('leads, change by change, from what was to what is', () => {
    const list = fc
      .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2', '3')), {
        selector: ([name, version]) => `${name} ${version}`
      })
      .map(pairs => pairs.map(([name, version]) => installed(name, version)));
    fc.assert(
      fc.property(list, list, (known, now) => {
        const counts = new Map<string, number>();
        known.forEach(({ name }) => counts.set(name, (counts.get(name) ?? 0) + 1));
        const versions = new Set(known.map(({ name, version }) => `${name} ${version}`));
        for (const { action, installed: one } of installedChanges(known, now)) {
          const change = { install: 1, upgrade: 0, remove: -1, 'found-on-disk': 1 }[action];
          counts.set(one.name, (counts.get(one.name) ?? 0) + change);
          // Nothing is told twice, and nothing that was there all the time.
          expect(versions.has(`${one.name} ${one.version}`)).toBe(action === 'remove');
        }
        for (const name of ['a', 'b', 'c']) {
          expect(counts.get(name) ?? 0).toBe(now.filter(one => one.name === name).length);
        }
      })
    );
  });
});
