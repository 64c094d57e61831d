import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { reasonOf } from '../failure.js';
import type { IAnchorTarget } from './anchor-target.js';
import { DirectoryTarget } from './directory-target.js';
import { readCertificates } from './timestamp-token.js';
import { TimestampTarget } from './timestamp-target.js';
import { WitnessTarget } from './witness-target.js';

/** Where digests are anchored. */
export interface IAnchorSettings {
  readonly targets: readonly IAnchorTarget[];
  /** A digest that is unanchored for longer is a warning, in ms. */
  readonly lateMs: number;
}

const HOUR_MS = 3_600_000;
const LATE_HOURS = 6;

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads the anchors from the environment. Targets come from there alone.
 *
 * @param mistakes - one sentence for each is added.
 */
export function readAnchorSettings(variables: Variables, mistakes: string[]): IAnchorSettings {
  const text = (name: string): string | null => variables[name]?.trim() || null;
  const targets: IAnchorTarget[] = [];
  const directory = text('LABKEEPER_ANCHOR_DIRECTORY');
  if (directory !== null) {
    if (isAbsolute(directory)) {
      targets.push(new DirectoryTarget(directory));
    } else {
      mistakes.push(`LABKEEPER_ANCHOR_DIRECTORY must be an absolute path: ${directory}.`);
    }
  }
  const witness = address('LABKEEPER_ANCHOR_WITNESS', text('LABKEEPER_ANCHOR_WITNESS'), mistakes);
  if (witness) {
    const key = (text('LABKEEPER_ANCHOR_WITNESS_KEY') ?? '').toLowerCase().replace(/[\s:]/g, '');
    if (/^[0-9a-f]{64}$/.test(key)) {
      targets.push(new WitnessTarget(`${witness.origin}${witness.pathname.replace(/\/+$/, '')}`, key));
    } else {
      mistakes.push(
        'LABKEEPER_ANCHOR_WITNESS_KEY must be the fingerprint that the witness tells at its start: 64 hexadecimal digits.'
      );
    }
  }
  const authority = address('LABKEEPER_ANCHOR_TSA', text('LABKEEPER_ANCHOR_TSA'), mistakes);
  if (authority) {
    const pinned = certificates(text('LABKEEPER_ANCHOR_TSA_CERTIFICATE'), mistakes);
    if (pinned) {
      // What is shown has no password and no key in it.
      const place = `${authority.origin}${authority.pathname}`;
      targets.push(new TimestampTarget(place, authority.href, pinned));
    }
  }
  const hours = text('LABKEEPER_ANCHOR_LATE_HOURS') ?? String(LATE_HOURS);
  if (!/^\d{1,4}(\.\d{1,3})?$/.test(hours) || Number(hours) <= 0) {
    mistakes.push(`LABKEEPER_ANCHOR_LATE_HOURS must be a number of hours: ${hours}.`);
  }
  return { targets, lateMs: Number(hours) * HOUR_MS };
}

function address(name: string, value: string | null, mistakes: string[]): URL | null {
  const url = value === null ? null : URL.parse(value);
  if (value !== null && (url === null || !['http:', 'https:'].includes(url.protocol))) {
    mistakes.push(`${name} is no http or https address.`);
    return null;
  }
  return url;
}

function certificates(path: string | null, mistakes: string[]) {
  if (path === null) {
    mistakes.push(
      'LABKEEPER_ANCHOR_TSA_CERTIFICATE is not set: it names the file (PEM) with the certificate of the timestamp authority.'
    );
    return null;
  }
  try {
    return readCertificates(readFileSync(path, 'utf8'));
  } catch (error) {
    mistakes.push(`LABKEEPER_ANCHOR_TSA_CERTIFICATE cannot be used: ${reasonOf(error)}`);
    return null;
  }
}
