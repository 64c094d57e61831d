import type { IPeopleSettings } from './people-settings.js';

/** Headers of every answer of the pages' host, errors included. */
export const SECURITY_HEADERS = {
  // Nothing but our own style and pictures: no script at all. One page has one, see policyWithScript.
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store'
} as const;

/**
 * The policy of a page with a script: that one file, which may ask one address, and nothing else more than other pages.
 *
 * @param script, asks - addresses of ours, whole.
 */
export function policyWithScript(script: string, asks: string): string {
  return `${SECURITY_HEADERS['content-security-policy']}; script-src ${script}; connect-src ${asks}`;
}

/** Whether a Host header names the pages' own host. Port 80 and 443 may be left out or not. */
export function isOwnHost(header: string | undefined, settings: IPeopleSettings): boolean {
  const host = header?.toLowerCase();
  return host === settings.host || host === `${settings.host}:${settings.secure ? 443 : 80}`;
}
