import { redactUrl } from './redact-url.js';

/** Whatever stands between two slashes and an @ without a slash in it: a user, and maybe a password. */
const USER = /([/\\]{2})[^\s/\\]*@/g;
/** From the two slashes of a URL to its end. Its scheme has no secret. */
const ADDRESS = /[/\\]{2}\S+/g;

/**
 * A text that somebody wrote, with the credentials in its URLs taken out as `redactUrl` does. A URL in a text is told by its
 * two slashes; what has none cannot be told from other words, and stays.
 */
export function redactText(text: string): string {
  // First the users of all of them: two URLs may stand together without a space.
  return text.replace(USER, '$1***@').replace(ADDRESS, redactUrl);
}
