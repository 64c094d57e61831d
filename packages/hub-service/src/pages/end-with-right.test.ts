import { PassThrough } from 'node:stream';
import { TokenRefused } from '../people/token-access.js';
import { endWithRight } from './end-with-right.js';

const TIMES = { everyMs: 5, unsureMs: 60 } as const;

/** Why an answer broke off; null = it did not while `ms` passed. */
async function brokenBy(hasRight: () => Promise<boolean>, ms = 300): Promise<string | null> {
  const body = new PassThrough();
  const broken = new Promise<string>(resolve => body.once('error', ({ message }) => resolve(message)));
  endWithRight(body, { hasRight, monotonicMs: () => performance.now(), ...TIMES });
  const why = await Promise.race([broken, new Promise<null>(resolve => setTimeout(resolve, ms, null))]);
  body.destroy();
  return why;
}

describe('a long answer', () => {
  it('goes on while its reader may', async () => {
    expect(await brokenBy(async () => true)).toBeNull();
  });

  it('breaks off when she may no longer', async () => {
    expect(await brokenBy(async () => false)).toBe('Whoever read it may no longer.');
    expect(await brokenBy(() => Promise.reject(new TokenRefused(401, 'Ended.')))).toBe(
      'Whoever read it may no longer.'
    );
  });

  it.each([
    ['nobody can say', () => Promise.reject(new TokenRefused(503, 'Later.'))],
    ['nothing answers', () => new Promise<boolean>(() => undefined)]
  ])('goes on for a while, not for ever, where %s', async (_where, hasRight) => {
    expect(await brokenBy(hasRight, 40)).toBeNull();
    expect(await brokenBy(hasRight, 5000)).toBe(
      'For too long nobody could say whether it may still be read.'
    );
  });

  it('is asked about no more at its end', async () => {
    let asked = 0;
    expect(
      await brokenBy(async () => {
        asked += 1;
        return true;
      }, 50)
    ).toBeNull();
    const before = asked;
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(asked).toBe(before);
  });
});
