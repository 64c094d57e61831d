import { idsOfNumber, numberOf, requestNumber } from './request-number.js';

const ID = '54e42925-2fa1-41d2-883f-0016d3cca427';

it('a request’s number is what the researcher and the terminal show', () => {
  expect(numberOf(ID)).toBe('54e42925');
});

it.each([
  ['54e42925', '54e42925'],
  [' #54E42925\n', '54e42925'],
  [ID, ID],
  [ID.replaceAll('-', ''), ID],
  ['54e42925-', '54e42925'],
  ['54e429250', '54e42925-0'],
  ['54e42925-0c1', '54e42925-0c1'],
  ['54e429250c1d4a57', '54e42925-0c1d-4a57'],
  ['54e4292', null],
  ['54e4292%', null],
  ['54e42925%', null],
  ['numpy', null],
  [`${ID}-0`, null],
  ['', null]
])('%j is read as %j', (typed, expected) => {
  expect(requestNumber(typed)).toBe(expected);
});

it('ids of a number lie between two, those of another do not', () => {
  const [first, last] = idsOfNumber('54e42925');
  expect(first <= ID && ID <= last).toBe(true);
  expect(
    '54e42924-ffff-ffff-ffff-ffffffffffff' < first && '54e42926-0000-0000-0000-000000000000' > last
  ).toBe(true);
  expect(idsOfNumber(ID)).toEqual([ID, ID]);
  expect(idsOfNumber('54e42925-2fa1-4')).toEqual([
    '54e42925-2fa1-4000-0000-000000000000',
    '54e42925-2fa1-4fff-ffff-ffffffffffff'
  ]);
});
