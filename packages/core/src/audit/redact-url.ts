import { wellFormed } from './well-formed.js';

/** What stands for something that was taken out. */
const REDACTED = '***';
/**
 * What may be kept as a scheme. Slashes follow it, whatever stands before them; where none follow, of other words before a
 * colon nobody can say that they are no name or password.
 */
const SCHEME =
  /^(?:[^/\\@:]*:[/\\]+|(?:(?:git|hg|svn|bzr)\+)?(?:https?|ssh|git|ftps?|sftp|file|svn|s3|gs):|[/\\]+)/i;
/** Users of URLs that stand anywhere in a text. */
const USERS = /([/\\]{2})[^\s/\\]*@/g;
/** Longest URL that a record holds, in characters. */
const URL_CHARACTERS = 2048;

/**
 * A URL without its credentials: what stands before the host, and what parameters hold (signed links, tokens). Texts that
 * are no URL go through the same, so nothing secret passes for being written oddly. Control characters become spaces.
 */
export function redactUrl(url: string): string {
  // What browsers and tools skip inside of a URL could hide an @ from us.
  const plain = wellFormed(url)
    .replace(/[\u0000-\u0020\u007f]+/g, ' ')
    .trim();
  const cut = plain.search(/[?#]/);
  const place = cut < 0 ? plain : plain.slice(0, cut);
  const rest = cut < 0 ? '' : plain.slice(cut);
  return shorten(withoutToken(withoutUser(place.replace(USERS, `$1${REDACTED}@`))) + withoutValues(rest));
}

/** Takes out whatever stands before the last @ of the part that names the host. */
function withoutUser(place: string): string {
  const [scheme = ''] = SCHEME.exec(place) ?? [];
  const from = place.slice(scheme.length);
  const end = from.search(/[/\\]/);
  const host = end < 0 ? from : from.slice(0, end);
  const at = host.lastIndexOf('@');
  return at < 0 ? place : `${scheme}${REDACTED}${from.slice(at)}`;
}

/** Channels of conda may carry their token in the path: `/t/<token>/channel`. In a text several URLs may stand together. */
function withoutToken(place: string): string {
  return place.replace(/(?<=[/\\]t[/\\])[^/\\]+/g, REDACTED);
}

/** Keeps the names of parameters, not what they hold; what has no name may be a secret itself. */
function withoutValues(rest: string): string {
  return rest.replace(/([?#&])([^?#&=]*)(=?)[^?#&]*/g, (_all, mark: string, name: string, equals: string) =>
    equals ? `${mark}${name}=${REDACTED}` : `${mark}${name && REDACTED}`
  );
}

function shorten(text: string): string {
  return text.length <= URL_CHARACTERS ? text : wellFormed(text.slice(0, URL_CHARACTERS - 1)) + '…';
}
