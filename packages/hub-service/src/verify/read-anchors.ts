import { announcedDigests, type IAnchors, type IVerifyTools } from '@labkeeper/core';
import { DigestLine, parseShape, SignedDigest, SignedReceipt } from '@labkeeper/protocol';
import { InputError } from './input-error.js';
import { InputFile } from './input-file.js';

/** Receipts and digests are small; a file with more of them than a hundred thousand is none of ours. */
export const FILE_BYTES = 64 * 1024 * 1024;
const EXPORT_BEGIN = '{"labkeeperExport":';

/** What was named on the command line. */
export interface IAnchorFiles {
  readonly fingerprints: readonly string[];
  readonly receipts: readonly string[];
  readonly digests: readonly string[];
}

/** Reads the anchors that an export is held against. @throws InputError. */
export function readAnchors(files: IAnchorFiles, tools: Pick<IVerifyTools, 'decode'>): IAnchors {
  return {
    fingerprints: files.fingerprints.map(fingerprintOf),
    receipts: files.receipts.flatMap(receiptsOf),
    digests: files.digests.map(name => ({ name, digests: digestsOf(name, tools) }))
  };
}

/** As people write it: in any case, with colons or spaces, with `sha256:` before it. */
export function fingerprintOf(text: string): string {
  const digits = text
    .toLowerCase()
    .replace(/^sha256:/, '')
    .replace(/[\s:]/g, '');
  if (!/^[0-9a-f]{64}$/.test(digits)) {
    throw new InputError(
      `"${text}" is no fingerprint: that is 64 hexadecimal digits, SHA-256 of the public key.`
    );
  }
  return digits;
}

function receiptsOf(path: string): IAnchors['receipts'] {
  return withFile(path, file => {
    const texts = documents(file.text(FILE_BYTES));
    return texts.map((text, i) => {
      const receipt = parseShape(SignedReceipt, text);
      // Lone surrogates have no UTF-8, so nothing with them was ever signed.
      if (!receipt || /\p{Surrogate}/u.test(receipt.body.hub)) {
        throw new InputError(
          `${path} is no receipt of Labkeeper${texts.length > 1 ? ` (line ${i + 1})` : ''}.`
        );
      }
      return { name: texts.length > 1 ? `${path}, line ${i + 1}` : path, receipt };
    });
  });
}

function digestsOf(path: string, tools: Pick<IVerifyTools, 'decode'>): readonly SignedDigest[] {
  return withFile(path, file => {
    if (isExport(file)) {
      return announcedDigests(file.linesBackwards(), tools);
    }
    return documents(file.text(FILE_BYTES)).map(text => {
      const digest = parseShape(SignedDigest, text) ?? parseShape(DigestLine, text)?.digest;
      if (!digest) {
        throw new InputError(`${path} is neither a digest of Labkeeper nor an export.`);
      }
      return digest;
    });
  });
}

function isExport(file: InputFile): boolean {
  for (const block of file.blocks()) {
    return Buffer.from(block.subarray(0, EXPORT_BEGIN.length)).toString('latin1') === EXPORT_BEGIN;
  }
  return false;
}

/** One JSON text, however it is laid out, or one in each line. */
function documents(text: string): readonly string[] {
  const lines = text.split('\n').filter(line => line.trim() !== '');
  return lines.every(line => line.startsWith('{') && line.trimEnd().endsWith('}')) ? lines : [text];
}

export function withFile<Value>(path: string, use: (file: InputFile) => Value): Value {
  const file = new InputFile(path);
  try {
    return use(file);
  } finally {
    file.close();
  }
}
