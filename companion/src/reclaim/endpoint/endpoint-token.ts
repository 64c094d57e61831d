import { createHash, timingSafeEqual } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';

/**
 * Writes the secret of the loopback endpoint for the hooks of this container to read: a file of this user alone, at
 * once with its whole content.
 */
export async function writeToken(path: string, token: string): Promise<void> {
  const draft = `${path}.${process.pid}.new`;
  await rm(draft, { force: true });
  await writeFile(draft, `${token}\n`, { mode: 0o600, flag: 'wx' });
  await rename(draft, path);
}

/** Whether a request's `Authorization` header holds the secret; takes as long whatever is wrong with it. */
export function isAuthorized(header: string | undefined, token: string): boolean {
  const given = /^Bearer ([\x21-\x7e]{1,1024})$/i.exec(header ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token)) && given !== '';
}

/** Of one length for every text, as the comparison needs it. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
