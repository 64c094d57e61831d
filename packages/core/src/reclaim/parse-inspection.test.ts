import fc from 'fast-check';
import { parseInspection } from './parse-inspection.js';

/** As a Python kernel answers: ASCII JSON in hexadecimal digits, in quotes. */
function answer(value: unknown): string {
  const json = JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  );
  return `'${Buffer.from(json, 'latin1').toString('hex')}'`;
}

describe('What a kernel answers about its variables', () => {
  it('is read whole, names in any script', () => {
    const variables = parseInspection(
      answer([
        7,
        [
          ['größe_日本', 'DataFrame', 3e9],
          ['model', 'Model', null]
        ]
      ]),
      5
    );
    expect(variables).toEqual({
      asOfMs: 5,
      count: 7,
      items: [
        { name: 'größe_日本', type: 'DataFrame', bytes: 3e9 },
        { name: 'model', type: 'Model', bytes: null }
      ]
    });
  });

  it('is cut to what a message takes', () => {
    const rows = Array.from({ length: 300 }, () => ['n'.repeat(500), 't'.repeat(500), -1]);
    const variables = parseInspection(answer([2, rows]), 0);
    expect(variables?.items).toHaveLength(200);
    expect(variables?.count).toBe(200);
    expect(variables?.items[0]).toEqual({ name: 'n'.repeat(200), type: 't'.repeat(200), bytes: null });
  });

  it.each([
    '',
    "'zz'",
    "'7b'",
    `'${'00'.repeat(8)}'`,
    answer({}),
    answer([1]),
    answer([-1, []]),
    answer([1, [['a']]]),
    answer([1, ['a']]),
    answer([1.5, []])
  ])('is nothing where it is something else: %s', text => {
    expect(parseInspection(text, 0)).toBeNull();
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map(json => answer(JSON.parse(json)))
        ),
        text => {
          parseInspection(text, 0);
        }
      )
    );
  });
});
