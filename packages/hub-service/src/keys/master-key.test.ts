import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchFolder } from '../../test/support/scratch-databases.js';
import { newMasterKeyFile, readMasterKeyFile } from './master-key-file.js';
import { MasterKey } from './master-key.js';

describe('a master key', () => {
  const bytes = randomBytes(32);
  const key = new MasterKey(bytes);
  const secret = Buffer.from('a secret');

  it('opens what it sealed, under its name alone, and as long as nothing was altered', () => {
    const sealed = key.seal('person a', secret);
    expect(sealed.includes(secret)).toBe(false);
    expect(key.seal('person a', secret)).not.toEqual(sealed);
    expect(key.open('person a', sealed)).toEqual(secret);
    expect(() => key.open('person b', sealed)).toThrow();
    expect(() => new MasterKey(randomBytes(32)).open('person a', sealed)).toThrow();
    for (let at = 0; at < sealed.length; at++) {
      const altered = Buffer.from(sealed);
      altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
      expect(() => key.open('person a', altered)).toThrow();
    }
    expect(() => key.open('person a', sealed.subarray(0, 20))).toThrow();
  });

  it('has a name that is always the same and is no part of it', () => {
    expect(key.id).toMatch(/^[0-9a-f]{16}$/);
    expect(new MasterKey(bytes).id).toBe(key.id);
    expect(bytes.toString('hex')).not.toContain(key.id);
  });

  it('is handed over to whoever has the other one', () => {
    const next = new MasterKey(randomBytes(32));
    const handed = key.openMaster(next.id, next.sealedUnder(key));
    expect([handed.id, handed.open('x', next.seal('x', secret))]).toEqual([next.id, secret]);
    expect(() => key.openMaster(key.id, next.sealedUnder(key))).toThrow();
  });
});

describe('the file of a master key', () => {
  const folder = scratchFolder();
  afterAll(() => folder.remove());
  const file = (name: string, content: Buffer | string): string => {
    const path = join(folder.path, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };

  it('holds 32 bytes, or their base64 in one line', async () => {
    const bytes = randomBytes(32);
    const { id } = new MasterKey(bytes);
    const text = bytes.toString('base64');
    for (const [i, content] of [bytes, text, `${text}\n`, `${text}\r\n`].entries()) {
      expect((await readMasterKeyFile(file(`good-${i}`, content))).id).toBe(id);
    }
    const made = file('made', newMasterKeyFile());
    expect((await readMasterKeyFile(made)).id).toMatch(/^[0-9a-f]{16}$/);
  });

  it.each<[string, Buffer | string, string]>([
    ['nothing', '', 'found 0 bytes of another form'],
    ['a password', 'correct horse battery staple', 'found 28 bytes of another form'],
    ['too few bytes', randomBytes(31), 'found 31 bytes of another form'],
    ['hexadecimal digits', randomBytes(32).toString('hex'), 'found 64 bytes of another form'],
    ['too few of them', randomBytes(16).toString('hex'), 'found 32 characters of text'],
    ['base64 of too few bytes', randomBytes(24).toString('base64'), 'found 32 characters of text'],
    ['base64 of too many', randomBytes(48).toString('base64'), 'found 64 bytes of another form'],
    ['two keys', `${randomBytes(32).toString('base64')}\n`.repeat(2), 'found 90 bytes of another form'],
    ['zeros', Buffer.alloc(32), 'the same few bytes again and again'],
    ['base64 of zeros', Buffer.alloc(32).toString('base64'), 'the same few bytes again and again'],
    ['a whole disk', Buffer.alloc(5000), 'found 5000 bytes']
  ])('is refused with %s in it, by one sentence that shows nothing of it', async (_, content, found) => {
    const path = file('bad', content);
    const error: unknown = await readMasterKeyFile(path).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain(`${path} holds no master key: expected 32 random bytes, or their base64`);
    expect(String(error)).toContain(found);
    if (content.length > 0) {
      expect(String(error)).not.toContain(content.toString().trim());
    }
  });

  it('is refused where it is not there, is a folder, or everybody reads it', async () => {
    await expect(readMasterKeyFile(join(folder.path, 'none'))).rejects.toThrow('There is no master key at');
    mkdirSync(join(folder.path, 'folder'));
    await expect(readMasterKeyFile(join(folder.path, 'folder'))).rejects.toThrow('found no file');
    const open = file('open', newMasterKeyFile());
    chmodSync(open, 0o644);
    await expect(readMasterKeyFile(open)).rejects.toThrow('can be read by everybody');
    // A Secret is mounted for a group.
    chmodSync(open, 0o440);
    expect((await readMasterKeyFile(open)).id).toMatch(/^[0-9a-f]{16}$/);
  });
});
