/** Where somebody goes who named no page of ours. */
export const HOME_PATH = '/log';
/** Addresses of ours are at most so long. */
export const ADDRESS_LENGTH = 2048;

const PAGES = /^\/(log(\/\d{1,16})?|requests(\/[0-9a-f-]{36})?|status|looks|holders|deaths|verdicts|holds)$/;

/**
 * The page of ours that `asked` names, as path and query; HOME_PATH for everything else, so that a sign-in never ends
 * at somebody else's address.
 */
export function nextPath(asked: unknown, origin: string): string {
  if (
    typeof asked !== 'string' ||
    asked.length > ADDRESS_LENGTH ||
    !asked.startsWith('/') ||
    !URL.canParse(asked, origin)
  ) {
    return HOME_PATH;
  }
  // Read as a browser would read it, and only then compared: backslashes, tabs and dots are taken away by it.
  const url = new URL(asked, origin);
  return url.origin === new URL(origin).origin && PAGES.test(url.pathname)
    ? `${url.pathname}${url.search}`
    : HOME_PATH;
}
