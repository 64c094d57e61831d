import { blockedMark, sentenceOf } from '../src/pages/blocked-mark.js';
import { phraseOf } from '../src/serve/send-refusal.js';
import { BLOCKED } from './support/index-server.js';

/** A specifier with a local version, as PEP 440 has it. */
const SPECIFIER = /^==99\+[a-z0-9]+(?:\.[a-z0-9]+)*$/;

describe('the mark of a blocked file', () => {
  it('is a legal version of a Python that does not exist, and reads as our reason', () => {
    const { requiresPython, yanked } = blockedMark(BLOCKED);
    expect(requiresPython).toBe(
      '==99+blocked.by.labkeeper.rule.no.agpl.the.licence.agpl.3.0.is.not.approved.here'
    );
    expect(yanked).toBe(
      'Blocked by Labkeeper, rule no-agpl: The licence AGPL-3.0 is not approved here. Ask for it in the Packages panel.'
    );
  });

  it.each([
    '',
    '…',
    'naïve Grüße 中文',
    '9'.repeat(40),
    'x'.repeat(500),
    "a'; DROP TABLE --",
    '\r\nSet-Cookie: a=b'
  ])('is legal for the reason %p', reason => {
    const mark = blockedMark({ ...BLOCKED, rule: reason || null, reason });
    expect(mark.requiresPython).toMatch(SPECIFIER);
    expect(phraseOf(sentenceOf({ ...BLOCKED, reason }))).toMatch(/^[\x20-\x7e]{1,240}$/);
  });

  it('says that approval is wanted where it can be had', () => {
    expect(blockedMark({ ...BLOCKED, decision: 'require-approval' }).requiresPython).toContain(
      '==99+needs.approval.by.labkeeper'
    );
  });
});
