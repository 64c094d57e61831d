import { REQUEST_TEXT } from '@labkeeper/protocol';

/** A text as the hub can store it: whole characters, none of them NUL, not too long; white space around it is gone. */
export function storable(text: string, length = REQUEST_TEXT): string {
  return text
    .replaceAll('\0', '')
    .trim()
    .slice(0, length)
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .trim();
}
