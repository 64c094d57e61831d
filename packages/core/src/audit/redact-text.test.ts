import * as fc from 'fast-check';
import { redactText } from './redact-text.js';

describe('a text without the credentials of its URLs', () => {
  it.each([
    ['Soon?\nIt is 9/10 done, ask bob@example.org.', 'Soon?\nIt is 9/10 done, ask bob@example.org.'],
    ['See https://docs.example.org/gpu, please.', 'See https://docs.example.org/gpu, please.'],
    ['pip -i https://ada:secret@example.org/simple x', 'pip -i https://***@example.org/simple x'],
    ['(https://ada:secret@example.org/)', '(https://***@example.org/)'],
    ['see:https://secret@example.org', 'see:https://***@example.org'],
    ['https://a.org,https://ada:secret@b.org/', 'https://a.org,https://***@b.org/'],
    ['https://example.org/x?sig=secret then more', 'https://example.org/x?sig=*** then more'],
    ['git+ssh://git@github.com/o/r', 'git+ssh://***@github.com/o/r'],
    ['https://conda.example.org/t/secret/main', 'https://conda.example.org/t/***/main'],
    ['https://a/t/x,https://b/t/SECRET/', 'https://a/t/***//b/t/***/'],
    ['https://a/t/t/SECRET/', 'https://a/t/***/***/'],
    ['', '']
  ])('%j', (text, redacted) => {
    expect(redactText(text)).toBe(redacted);
  });

  it('holds no password, whatever stands around it', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9@:!$%;,._~-]{12,40}$/);
    const any = fc.string({ unit: 'grapheme', maxLength: 60 });
    const around = any.map(text => text.replaceAll(/[/\\?#@]/g, ' '));
    fc.assert(
      fc.property(secret, around, around, (password, before, after) => {
        fc.pre(!before.includes(password) && !after.includes(password));
        const text = redactText(`${before}https://ada:${password}@example.org/a?k=${password} ${after}`);
        expect(text).not.toContain(password);
        expect(text.startsWith(before) && text.endsWith(after)).toBe(true);
      })
    );
  });

  it('is found in a moment in the longest text, whatever it is', () => {
    for (const piece of ['/', '//', '//a', 'a:', '//@', '@', '//?a&', '/t/', '//a/t/x,']) {
      const before = performance.now();
      redactText(piece.repeat(20_000));
      expect(performance.now() - before).toBeLessThan(1000);
    }
  });
});
