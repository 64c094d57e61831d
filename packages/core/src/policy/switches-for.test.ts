import { SWITCHABLE, type Policy, type PolicySwitch } from '@labkeeper/protocol';
import fc from 'fast-check';
import { fitsPattern } from './fits-pattern.js';
import { placeOf, switchesFor, type IPolicySubject } from './switches-for.js';

const ALICE: IPolicySubject = {
  hub: 'west',
  groups: ['physics', 'staff'],
  image: 'quay.io/lab/base:2026',
  place: 0.3
};
const OFF: PolicySwitch = { part: 'meter', state: 'off', reason: 'why' };

const partsOff = (list: PolicySwitch[], subject = ALICE): string[] =>
  switchesFor({ switch: list }, subject).map(({ part }) => part);

it('says why', () => {
  expect(switchesFor({ switch: [OFF] }, ALICE)).toEqual([{ part: 'meter', reason: 'why' }]);
});

it('wants all that a switch names', () => {
  expect(partsOff([{ ...OFF, groups: ['chemistry', 'staff'] }])).toEqual(['meter']);
  expect(partsOff([{ ...OFF, groups: ['chemistry'] }])).toEqual([]);
  expect(partsOff([{ ...OFF, hubs: ['east', 'west'] }])).toEqual(['meter']);
  expect(partsOff([{ ...OFF, hubs: ['east'] }])).toEqual([]);
  expect(partsOff([{ ...OFF, hubs: ['east'], groups: ['staff'] }])).toEqual([]);
  expect(partsOff([{ ...OFF, images: ['*/lab/base:*'] }])).toEqual(['meter']);
  expect(partsOff([{ ...OFF, images: ['*/lab/base'] }])).toEqual([]);
  expect(partsOff([{ ...OFF, images: ['*'] }], { ...ALICE, image: null })).toEqual([]);
  expect(partsOff([{ ...OFF, share: 0.31 }])).toEqual(['meter']);
  expect(partsOff([{ ...OFF, share: 0.3 }])).toEqual([]);
  expect(partsOff([{ ...OFF, groups: ['staff'], share: 0.1 }])).toEqual([]);
});

it('lets the first that fits decide', () => {
  const on: PolicySwitch = { ...OFF, state: 'on', groups: ['staff'] };
  expect(partsOff([on, OFF])).toEqual([]);
  expect(partsOff([OFF, on])).toEqual(['meter']);
  expect(partsOff([on, OFF], { ...ALICE, groups: [] })).toEqual(['meter']);
});

const groups = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 });
const anySwitch: fc.Arbitrary<PolicySwitch> = fc.record(
  {
    part: fc.constantFrom(...SWITCHABLE),
    state: fc.constantFrom('off' as const, 'on' as const),
    groups,
    images: fc.array(fc.constantFrom('*', 'x*', '?', 'y:1'), { minLength: 1, maxLength: 2 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    hubs: fc.array(fc.constantFrom('west', 'north'), { minLength: 1, maxLength: 2 }),
    reason: fc.constant('why')
  },
  { requiredKeys: ['part', 'state', 'reason'] }
);
const anyPolicy: fc.Arbitrary<Policy> = fc.record({ switch: fc.array(anySwitch, { maxLength: 8 }) });
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const anySubject: fc.Arbitrary<IPolicySubject> = fc.record({
  hub: fc.constantFrom('west', 'east'),
  groups: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 }),
  image: fc.option(fc.constantFrom('x', 'x:2', 'y:1', 'z')),
  place
});

it('names each part once and in one order, and is the same each time', () => {
  fc.assert(
    fc.property(anyPolicy, anySubject, (policy, subject) => {
      const off = switchesFor(policy, subject);
      const order = off.map(({ part }) => SWITCHABLE.indexOf(part));
      expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
      expect(switchesFor(policy, { ...subject, groups: [...subject.groups].reverse() })).toEqual(off);
    })
  );
});

it('decides on each part by the switches of that part alone', () => {
  fc.assert(
    fc.property(anyPolicy, anySubject, fc.constantFrom(...SWITCHABLE), (policy, subject, part) => {
      const alone = { switch: policy.switch.filter(one => one.part === part) };
      expect(switchesFor(alone, subject)).toEqual(
        switchesFor(policy, subject).filter(one => one.part === part)
      );
    })
  );
});

it('takes users in and leaves none out when a share grows', () => {
  fc.assert(
    fc.property(place, place, anySubject, (one, other, subject) => {
      const [small, large] = one < other ? [one, other] : [other, one];
      const few = partsOff([{ ...OFF, share: small }], subject);
      const many = partsOff([{ ...OFF, share: large }], subject);
      expect(many).toEqual(expect.arrayContaining(few));
    })
  );
});

it('is nothing for nobody, and all for everybody', () => {
  fc.assert(
    fc.property(anySubject, subject => {
      expect(partsOff([{ ...OFF, share: 0 }], subject)).toEqual([]);
      expect(partsOff([{ ...OFF, share: 1 }], subject)).toEqual(['meter']);
      expect(partsOff([], subject)).toEqual([]);
    })
  );
});

it('gives places from 0 up to 1, evenly', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), hash => {
      expect(placeOf(hash)).toBeGreaterThanOrEqual(0);
      expect(placeOf(hash)).toBeLessThan(1);
    })
  );
  expect(placeOf(Uint8Array.of(0x80))).toBe(0.5);
  expect(placeOf(new Uint8Array(32).fill(255))).toBeLessThan(1);
});

const RANGES = new Map([
  ['*', '.*'],
  ['?', '.']
]);

it('fits patterns as a regular expression would, and in no time', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '?', '.') });
  fc.assert(
    fc.property(text, text, (pattern, name) => {
      const source = pattern.replace(/[.*?/]/g, one => RANGES.get(one) ?? `\\${one}`);
      expect(fitsPattern(pattern, name)).toBe(new RegExp(`^${source}$`, 's').test(name));
    })
  );
  expect(fitsPattern('*a'.repeat(250), 'a'.repeat(499) + 'b')).toBe(false);
});
