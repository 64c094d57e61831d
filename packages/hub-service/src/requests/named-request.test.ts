import { readRequestName } from './named-request.js';

describe('what somebody calls a request', () => {
  it.each([
    ['54e42925', '54e42925'],
    [' 54E42925\n', '54e42925'],
    ['54e42925-', '54e42925'],
    ['54e429250', '54e42925-0'],
    ['54e42925-0c1', '54e42925-0c1'],
    ['54e429250c1d4a57', '54e42925-0c1d-4a57'],
    ['54e42925-0c1d-4a57-9a3e-2f3f6f1d7a10', '54e42925-0c1d-4a57-9a3e-2f3f6f1d7a10'],
    ['54e429250c1d4a579a3e2f3f6f1d7a10', '54e42925-0c1d-4a57-9a3e-2f3f6f1d7a10']
  ])('%j is understood', (typed, name) => {
    expect(readRequestName(typed)).toBe(name);
  });

  it.each(['', '54e4292', '54e4292%', '54e42925%', 'torch', '54e42925-0c1d-4a57-9a3e-2f3f6f1d7a10-0'])(
    '%j is not',
    typed => {
      expect(readRequestName(typed)).toBeNull();
    }
  );
});
