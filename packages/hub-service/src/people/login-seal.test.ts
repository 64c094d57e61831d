import { randomBytes } from 'node:crypto';
import { LoginSeal } from './login-seal.js';

const LOGIN = { hub: 'hub', state: 's', verifier: 'v', next: '/log?user=ä', endsAtMs: 1000 };

describe('a begun sign-in in its browser', () => {
  const seal = new LoginSeal(randomBytes(32));

  it('comes back as it was, and says nothing to its browser', () => {
    const closed = seal.close(LOGIN);
    expect(closed).toMatch(/^[\w-]+$/);
    expect(seal.open(closed)).toEqual(LOGIN);
    expect(Buffer.from(closed, 'base64url').toString('latin1')).not.toContain('verifier');
    expect(seal.close(LOGIN)).not.toBe(closed);
  });

  it('is nothing where any bit of it was changed, or another key closed it', () => {
    const bytes = Buffer.from(seal.close(LOGIN), 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(seal.open(changed.toString('base64url'))).toBeNull();
    }
    expect(new LoginSeal(randomBytes(32)).open(bytes.toString('base64url'))).toBeNull();
    for (const text of [undefined, '', 'x', '<script>', 'A'.repeat(5000)]) {
      expect(seal.open(text)).toBeNull();
    }
  });

  it('has room for the longest address of ours', () => {
    const long = {
      ...LOGIN,
      hub: 'h'.repeat(64),
      state: 's'.repeat(43),
      verifier: 'v'.repeat(43),
      next: `/${'x'.repeat(2047)}`
    };
    const closed = seal.close(long);
    expect(seal.open(closed)).toEqual(long);
    // Browsers keep 4 096 bytes with the name.
    expect(closed.length).toBeLessThan(3800);
  });
});
