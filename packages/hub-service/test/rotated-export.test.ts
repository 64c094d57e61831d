import { rotationText } from '@labkeeper/core';
import { exported, verified } from './support/exported.js';
import { MadeKey, MadeLog } from './support/made-log.js';

it('an export tells of changes of the key, so that whoever pinned the old one trusts the new one', async () => {
  const [old, next] = [new MadeKey(), new MadeKey()];
  const log = new MadeLog({ key: next, records: 20, streams: 1, digestRecords: 10, uncovered: 0 });
  const pinned = { fingerprints: [old.fingerprint] };
  expect(verified((await exported(log)).bytes, pinned).outcome).toBe('altered');
  const body = { log: log.id, oldPublicKey: old.publicKey, publicKey: next.publicKey, atMs: 1 };
  const rotation = { body, signature: old.sign(rotationText(body)) };
  const rotated = Object.assign(log, { rotations: () => Promise.resolve([rotation]) });
  const report = verified((await exported(rotated)).bytes, pinned);
  expect(report).toMatchObject({ findings: { count: 0 }, signer: { isPinned: true } });
});
