import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createPublicKey, verify } from 'node:crypto';
import { join } from 'node:path';
import { scratchFolder } from '../../test/support/scratch-databases.js';
import { sha256Hex } from '../sha256.js';
import { openKeys } from './keys.js';

describe('the keys of a service', () => {
  const folder = scratchFolder();
  afterAll(() => folder.remove());

  it('are made once, for its user alone, and sign', async () => {
    const state = join(folder.path, 'state');
    const keys = await openKeys(state);
    expect(statSync(state).mode & 0o777).toBe(0o700);
    for (const name of ['signing-key.pem', 'service-secret']) {
      expect(statSync(join(state, name)).mode & 0o777).toBe(0o600);
    }
    expect(keys.signingKeyId).toBe(sha256Hex(Buffer.from(keys.publicKey, 'base64url')).slice(0, 16));
    const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: keys.publicKey } });
    expect(verify(null, Buffer.from('text'), key, Buffer.from(keys.sign('text'), 'base64url'))).toBe(true);

    const again = await openKeys(state);
    expect(again.publicKey).toBe(keys.publicKey);
    expect(again.secret('ticket')).toEqual(keys.secret('ticket'));
    expect(again.secret('other')).not.toEqual(keys.secret('ticket'));
  });

  it('are the same for replicas that start at once', async () => {
    const state = join(folder.path, 'replicas');
    const all = await Promise.all(Array.from({ length: 8 }, () => openKeys(state)));
    expect(new Set(all.map(({ publicKey }) => publicKey)).size).toBe(1);
    expect(new Set(all.map(keys => Buffer.from(keys.secret('ticket')).toString('hex'))).size).toBe(1);
    expect(readdirSync(state).sort()).toEqual(['service-secret', 'signing-key.pem']);
  });

  it('are not taken from where everybody reads them, or when they are damaged', async () => {
    const state = join(folder.path, 'open');
    await openKeys(state);
    const pem = join(state, 'signing-key.pem');
    chmodSync(pem, 0o644);
    await expect(openKeys(state)).rejects.toThrow('can be read by everybody');
    chmodSync(pem, 0o600);
    const good = readFileSync(pem);
    writeFileSync(pem, good.subarray(0, 40));
    await expect(openKeys(state)).rejects.toThrow('is no Ed25519 key');
    writeFileSync(pem, good);
    chmodSync(state, 0o755);
    await expect(openKeys(state)).rejects.toThrow('can be read by everybody');
  });
});
