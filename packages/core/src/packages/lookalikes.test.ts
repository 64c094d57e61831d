import fc from 'fast-check';
import { Lookalikes, lookOf, slipsBetween } from './lookalikes.js';

const KNOWN = [
  'numpy',
  'requests',
  'python-dateutil',
  'scikit-learn',
  'boto',
  'boto3',
  'urllib3',
  'matplotlib',
  'torch'
];
const lookalikes = new Lookalikes(KNOWN);

it.each([
  ['reqeusts', 'requests'],
  ['request', 'requests'],
  ['requestss', 'requests'],
  ['numpi', 'numpy'],
  ['nurnpy', 'numpy'],
  ['nump\u0443', 'numpy'],
  ['\u0440ython-dateutil', 'python-dateutil'],
  ['pythondateutil', 'python-dateutil'],
  ['sciikit-learn', 'scikit-learn'],
  ['urllib2', 'urllib3'],
  ['mat\u200bplotlib', 'matplotlib'],
  ['t0rch', 'torch']
])('takes %j for %s', (name, known) => {
  expect(lookalikes.find(name)).toBe(known);
});

it.each(['numpy', 'boto', 'boto3', 'bot', 'botx', 'pandas', 'numpyro', 'scikit-image', 'torchvision', ''])(
  'leaves %j alone',
  name => expect(lookalikes.find(name)).toBeNull()
);

/** The plain recursive definition. */
function slips(one: string, other: string): number {
  if (one === '' || other === '') {
    return one.length + other.length;
  }
  const same = one.at(-1) === other.at(-1) ? 0 : 1;
  const ways = [
    slips(one.slice(0, -1), other) + 1,
    slips(one, other.slice(0, -1)) + 1,
    slips(one.slice(0, -1), other.slice(0, -1)) + same
  ];
  if (one.length > 1 && other.length > 1 && one.at(-1) === other.at(-2) && one.at(-2) === other.at(-1)) {
    ways.push(slips(one.slice(0, -2), other.slice(0, -2)) + 1);
  }
  return Math.min(...ways);
}

it('counts slips as their definition does, up to the most that are asked for', () => {
  const text = fc.stringMatching(/^[abc]{0,5}$/);
  fc.assert(
    fc.property(text, text, fc.nat(4), (one, other, most) => {
      const all = slips(one, other);
      expect(slipsBetween(one, other, most)).toBe(all <= most ? all : null);
      expect(slipsBetween(other, one, most)).toBe(slipsBetween(one, other, most));
    })
  );
});

it('never takes a known name for another, and looks at what it has made the same way again', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z0-9-]{1,14}$/), { maxLength: 20 }), names => {
      const all = new Lookalikes(names);
      expect(names.filter(name => all.find(name) !== null)).toEqual([]);
    })
  );
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9-]{1,14}$/), name => {
      expect(lookOf(name.replaceAll('-', '_').toUpperCase())).toBe(lookOf(name));
    })
  );
});
