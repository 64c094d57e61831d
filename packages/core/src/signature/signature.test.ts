import { parseSigned, signedTexts } from './signed-texts.js';
import { pythonNumber } from './python-number.js';

describe('what nbformat signs', () => {
  // Right sides: Python 3.11, str(json.loads(...)).
  it.each([
    ['0', '0'],
    ['-0', '0'],
    ['123456789012345678901234567890', '123456789012345678901234567890'],
    ['1.0', '1.0'],
    ['-0.0', '-0.0'],
    ['1e5', '100000.0'],
    ['1E-4', '0.0001'],
    ['0.00001', '1e-05'],
    ['1.5e-7', '1.5e-07'],
    ['1e15', '1000000000000000.0'],
    ['1e16', '1e+16'],
    ['123456789.125', '123456789.125'],
    ['1.7976931348623157e308', '1.7976931348623157e+308'],
    ['5e-324', '5e-324'],
    ['-2.5e400', '-inf'],
    ['0.1', '0.1']
  ])('writes the number %s as Python does', (source, expected) => {
    expect(pythonNumber(source)).toBe(expected);
  });

  it('orders keys by code points, and gives lists and texts alike', () => {
    const text = '{"\\ud83d\\ude00":1,"\\uff5e":2.0,"b":["x","y"],"a":{"d":null,"c":true}}';
    expect([...signedTexts(parseSigned(text))]).toEqual([
      ...['a', 'c', 'True', 'd', 'None'],
      ...['b', 'x', 'y'],
      ...['\uff5e', '2.0'],
      ...['\u{1f600}', '1']
    ]);
  });

  it('leaves out what is asked, outermost only', () => {
    const value = parseSigned('{"signature":"s","x":{"signature":"t"}}');
    expect([...signedTexts(value, key => key === 'signature')]).toEqual(['x', 'signature', 't']);
  });
});
