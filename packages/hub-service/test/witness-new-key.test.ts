import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { digestText } from '@labkeeper/core';
import { nodeVerifyTools } from '../src/verify/node-tools.js';
import { Witness } from '../src/witness/witness.js';
import { WitnessBook } from '../src/witness/witness-book.js';
import { MadeKey, MadeLog } from './support/made-log.js';
import { scratchFolder } from './support/scratch-databases.js';

describe('a witness of a log whose service lost its key and began a new one', () => {
  const folder = scratchFolder();
  afterAll(() => folder.remove());
  const [old, next] = [new MadeKey(), new MadeKey()];
  const log = new MadeLog({ key: old, records: 20, streams: 1, digestRecords: 10, uncovered: 0 });
  const [first, second] = log.signedDigests;
  const tools = nodeVerifyTools();
  const pair = generateKeyPairSync('ed25519');
  const publicKey = pair.publicKey.export({ format: 'jwk' }).x ?? '';

  /** It is started anew: its book is the same. */
  const witness = (services: readonly string[]): Witness =>
    new Witness({
      book: new WitnessBook(join(folder.path, 'witness.jsonl'), publicKey, tools),
      ...{ privateKey: pair.privateKey, publicKey, services, tools },
      nowMs: () => 1
    });

  it('signs what comes of it once the new key is named, and not before', () => {
    if (!first || !second) {
      throw new Error('There are two digests.');
    }
    const { body } = second;
    const signed = { body, key: next.signingKeyId, signature: next.sign(digestText(body)) };
    const begun = { digest: first, publicKey: old.publicKey, rotations: [] };
    const goneOn = { digest: signed, publicKey: next.publicKey, rotations: [] };
    expect(witness([old.fingerprint]).sign(begun)).toMatchObject({ kind: 'signed' });
    expect(witness([old.fingerprint]).sign(goneOn)).toMatchObject({ kind: 'not-genuine' });
    expect(witness([]).sign(goneOn)).toMatchObject({ kind: 'not-genuine' });
    expect(witness([next.fingerprint]).sign(goneOn)).toMatchObject({ kind: 'signed' });
  });
});
