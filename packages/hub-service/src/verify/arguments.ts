import { parseArgs } from 'node:util';
import { InputError } from './input-error.js';
import type { IAnchorFiles } from './read-anchors.js';
import type { IHolderFiles } from './read-statements.js';

/** An export, and the files that are held against it. */
export interface IVerifiedFiles extends IAnchorFiles {
  readonly file: string;
  /** null = none. */
  readonly personal: string | null;
}

/** What was asked for on the command line. */
export interface IVerifyArguments extends IVerifiedFiles, IHolderFiles {
  readonly json: boolean;
}

/** How the program is used. */
export const USAGE =
  'usage: labkeeper verify FILE [--key FINGERPRINT]... [--receipt FILE]... [--digest FILE]... [--anchor FILE]... ' +
  '[--witness FINGERPRINT]... [--tsa FILE]... [--part] [--personal FILE] [--json]';

/** @throws InputError when they are wrong. */
export function readArguments(words: readonly string[]): IVerifyArguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        key: { type: 'string', multiple: true, default: [] },
        receipt: { type: 'string', multiple: true, default: [] },
        digest: { type: 'string', multiple: true, default: [] },
        anchor: { type: 'string', multiple: true, default: [] },
        witness: { type: 'string', multiple: true, default: [] },
        tsa: { type: 'string', multiple: true, default: [] },
        part: { type: 'boolean', default: false },
        personal: { type: 'string' },
        json: { type: 'boolean', default: false }
      }
    });
    const [file] = positionals;
    if (file === undefined || positionals.length > 1) {
      throw new InputError('Name one file.');
    }
    return {
      file,
      fingerprints: values.key,
      receipts: values.receipt,
      digests: values.digest,
      anchors: values.anchor,
      witnesses: values.witness,
      authorities: values.tsa,
      isPart: values.part,
      personal: values.personal ?? null,
      json: values.json
    };
  } catch (error) {
    throw new InputError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`, {
      cause: error
    });
  }
}
