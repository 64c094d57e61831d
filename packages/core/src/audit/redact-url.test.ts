import * as fc from 'fast-check';
import { redactUrl } from './redact-url.js';

describe('a URL without its credentials', () => {
  it.each([
    ['https://example.org/a/b-1.0-py3-none-any.whl', 'https://example.org/a/b-1.0-py3-none-any.whl'],
    ['https://ada:secret@example.org/simple/', 'https://***@example.org/simple/'],
    ['https://ada:se@cret@example.org/', 'https://***@example.org/'],
    ['git+ssh://git@github.com/o/r.git@v1#egg=r', 'git+ssh://***@github.com/o/r.git@v1#egg=***'],
    ['git@github.com:o/r.git', '***@github.com:o/r.git'],
    ['https:\\\\ada:secret@example.org/', 'https:\\\\***@example.org/'],
    ['https:ada:secret@example.org/', 'https:***@example.org/'],
    ['//ada:secret@example.org/', '//***@example.org/'],
    ['"https://ada:secret@h/"', '"https://***@h/"'],
    ['--index-url=https://ada:secret@h/simple', '--index-url=https://***@h/simple'],
    ['pkg @ https://ada:secret@h/x', '***@ https://***@h/x'],
    ['index https://ada:secret@h/', 'index https://***@h/'],
    ['my_scheme://ada:secret@h/', 'my_scheme://***@h/'],
    ['file:///x/https://ada:secret@h', 'file:///x/https://***@h'],
    ['git+https://github.com/o/r.git@v1', 'git+https://github.com/o/r.git@v1'],
    ['https://registry.example.org/@scope/pkg', 'https://registry.example.org/@scope/pkg'],
    ['ada-secret:@example.org/', '***@example.org/'],
    ['s3:ada:secret@bucket', 's3:***@bucket'],
    ['other://ada:secret@example.org/', 'other://***@example.org/'],
    ['https://example.org/x?X-Amz-Signature=secret&v=1', 'https://example.org/x?X-Amz-Signature=***&v=***'],
    ['https://example.org/x?secret', 'https://example.org/x?***'],
    ['https://conda.example.org/t/secret/main', 'https://conda.example.org/t/***/main'],
    ['https://a/t/x,https://b/t/SECRET/', 'https://a/t/***//b/t/***/'],
    ['file:///home/ada/work/thing', 'file:///home/ada/work/thing'],
    ['', '']
  ])('%s', (url, redacted) => {
    expect(redactUrl(url)).toBe(redacted);
  });

  const secret = fc.stringMatching(/^[A-Za-z0-9@:!$%;,._~-]{12,40}$/);

  it('holds no password, wherever one may stand', () => {
    fc.assert(
      fc.property(
        secret,
        fc.constantFrom('https://', 'git+https://', 'ssh:', 'http:\\\\', '//', 'HTTPS:///', 'x'),
        fc.constantFrom('', 'ada', 'ada:'),
        (password, scheme, user) => {
          expect(
            redactUrl(`${scheme}${user}${password}@example.org/a@1?k=${password}&${password}#t=${password}`)
          ).not.toContain(password);
        }
      )
    );
  });

  it('is short and has a UTF-8, whatever is given', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 5000 }),
        fc.constantFrom('', '\ud800', '\udc00x'),
        (text, half) => {
          const redacted = redactUrl(`${text}${half}`);
          expect(redacted.length).toBeLessThanOrEqual(2048);
          expect(Buffer.from(redacted, 'utf8').toString('utf8')).toBe(redacted);
          expect(/[\u0000-\u001f]/.test(redacted)).toBe(false);
        }
      )
    );
  });
});
