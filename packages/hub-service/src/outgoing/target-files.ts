import { open } from 'node:fs/promises';
import { reasonOf } from '../failure.js';
import { SendError } from './failures.js';

/** Longest file of a secret or a certificate, in bytes. */
const FILE_BYTES = 256 * 1024;

/** A file that the policy names: a secret, an address, or certificates. @throws SendError, without what is in it. */
export async function targetFile(path: string): Promise<string> {
  let text: string;
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(FILE_BYTES), 0, FILE_BYTES, 0);
      text = buffer.toString('utf8', 0, bytesRead).trim();
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new SendError(`The file ${path} cannot be read: ${reasonOf(cause)}.`, null, false, { cause });
  }
  if (text === '') {
    throw new SendError(`The file ${path} is empty.`);
  }
  return text;
}

/** @param schemes - with their colon. @throws SendError: what is wrong is said without the address, which may be a secret. */
export function targetUrl(text: string, schemes: readonly string[]): URL {
  const url = URL.parse(text);
  if (url === null || !schemes.includes(url.protocol) || url.hostname === '') {
    throw new SendError(`Its address must begin with ${schemes.map(scheme => `${scheme}//`).join(' or ')}.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new SendError('Its address must not hold a name or a password.');
  }
  return url;
}
