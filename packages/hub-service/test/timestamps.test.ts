import { readFileSync } from 'node:fs';
import { canonicalJson, timestampText } from '@labkeeper/core';
import type { Anchor } from '@labkeeper/protocol';
import type { IAnchoredDigest } from '../src/anchors/anchor-target.js';
import { readCertificates, verifyToken } from '../src/anchors/timestamp-token.js';
import { TimestampTarget } from '../src/anchors/timestamp-target.js';
import { sha256Hex } from '../src/sha256.js';
import { MadeKey, MadeLog } from './support/made-log.js';
import { scratchFolder } from './support/scratch-databases.js';
import { startAuthority, type ITimestampAuthority } from './support/timestamp-authority.js';

jest.setTimeout(60_000);

describe('timestamps of a real authority (openssl ts)', () => {
  const folder = scratchFolder();
  const log = new MadeLog({ key: new MadeKey(), records: 10, streams: 1, digestRecords: 10, uncovered: 0 });
  let authority: ITimestampAuthority;
  let other: ITimestampAuthority;
  let anchor: Extract<Anchor, { kind: 'timestamp' }>;
  const pinned = (path: string) => readCertificates(readFileSync(path, 'utf8'));
  const digest = (): IAnchoredDigest => {
    const [signed] = log.signedDigests;
    if (!signed) {
      throw new Error('There is no digest.');
    }
    const text = canonicalJson(signed);
    return {
      digest: signed,
      text,
      sha256: sha256Hex(text),
      publicKey: log.made.key.publicKey,
      rotations: []
    };
  };
  const target = (certificate: string): TimestampTarget =>
    new TimestampTarget(authority.url, authority.url, pinned(certificate));
  const verified = (token: Buffer, sha256: string, certificate: string) =>
    verifyToken(token, Buffer.from(timestampText(sha256)), pinned(certificate));

  beforeAll(async () => {
    authority = await startAuthority(`${folder.path}/one`);
    other = await startAuthority(`${folder.path}/other`);
    anchor = await target(authority.certificate).anchor(digest(), AbortSignal.timeout(20_000));
  });
  afterAll(async () => {
    await Promise.all([authority.close(), other.close()]);
    folder.remove();
  });

  it('hold with its certificate pinned, and with that of who issued it', async () => {
    const token = Buffer.from(anchor.token, 'base64');
    for (const certificate of [authority.certificate, authority.issuer]) {
      const { atMs, signer } = await verified(token, digest().sha256, certificate);
      expect(Math.abs(Date.now() - atMs)).toBeLessThan(60_000);
      expect(signer).toBe('Test Stamps');
    }
  });

  it('do not hold for another digest, with another pinned, or with a byte changed', async () => {
    const token = Buffer.from(anchor.token, 'base64');
    await expect(verified(token, '0'.repeat(64), authority.certificate)).rejects.toThrow(
      'It is for something else.'
    );
    for (const certificate of [other.certificate, other.issuer]) {
      await expect(verified(token, digest().sha256, certificate)).rejects.toThrow('signature does not hold');
    }
    let held = 0;
    for (let at = 0; at < token.length; at += 7) {
      const changed = Buffer.from(token);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const outcome = await verified(changed, digest().sha256, authority.certificate).then(
        ({ atMs }) => atMs,
        (error: Error) => error.name
      );
      if (outcome !== 'TimestampError') {
        // Bytes that no signature covers, such as those of the other certificate, may change; what is said may not.
        expect(outcome).toBe((await verified(token, digest().sha256, authority.certificate)).atMs);
        held += 1;
      }
    }
    expect(held).toBeLessThan(token.length / 7 / 2);
  });

  it('are refused where they are not by the pinned authority, and asked for again where it is away', async () => {
    await expect(target(other.certificate).anchor(digest(), AbortSignal.timeout(20_000))).rejects.toThrow(
      'Its timestamp does not hold'
    );
    authority.away(1);
    await expect(target(authority.certificate).anchor(digest(), AbortSignal.timeout(20_000))).rejects.toThrow(
      'The timestamp authority answers 503.'
    );
    expect(await target(authority.certificate).anchor(digest(), AbortSignal.timeout(20_000))).toMatchObject({
      kind: 'timestamp',
      sha256: digest().sha256
    });
  });
});
