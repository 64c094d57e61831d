import { nextPath } from './next-path.js';

const origin = 'https://pages.example.org';

describe('where a sign-in ends', () => {
  it.each(['/log', '/log?user=alice&after=1.2', '/log/17', '/status', '/looks'])('at our page %s', path => {
    expect(nextPath(path, origin)).toBe(path);
  });

  it.each([
    'https://evil.example/',
    '//evil.example/log',
    '/\\evil.example/log',
    '\\\\evil.example',
    '/\t/evil.example/log',
    '/\n//evil.example',
    '/.//evil.example',
    '/..//evil.example/log',
    '/log/../..//evil.example',
    'javascript:alert(1)',
    ' //evil.example',
    '/logout',
    '/login?next=/log',
    '/oauth_callback?code=1',
    '/log/17/../../logout',
    'log',
    '',
    '/log?' + 'x'.repeat(5000),
    undefined,
    ['/log'],
    'http://[/'
  ])('never at %j', asked => {
    expect(nextPath(asked, origin)).toBe('/log');
  });
});
