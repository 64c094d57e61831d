import { chmodSync, cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPublicKey, verify } from 'node:crypto';
import { rotationText } from '@labkeeper/core';
import { openKeys } from '../src/keys/keys.js';
import { openExistingKeys } from '../src/keys/service-keys.js';
import { rotateCommand } from '../src/keys/rotate-command.js';
import { openKeyPlaces, type IKeySettings } from '../src/keys/unlock-database.js';
import { openDatabase, type IDatabase } from '../src/store/database.js';
import { LogRange } from '../src/store/log-range.js';
import { masterKeyFile, startKeys, storageVariables } from './support/service-keys.js';
import { scratchDatabase, scratchFolder, type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

describe('keys of a service in PostgreSQL, with a master key from outside', () => {
  const folder = scratchFolder();
  const master = masterKeyFile(join(folder.path, 'master-key'));
  const opened: IDatabase[] = [];
  let scratch: IScratchDatabase;
  let runs = 0;
  beforeEach(async () => {
    scratch = await scratchDatabase('postgres');
    runs += 1;
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(database => database.close()));
    await scratch.remove();
  });
  afterAll(() => folder.remove());

  const settingsOf = (state: string): IKeySettings => ({
    stateFolder: join(folder.path, `${state}-${runs}`),
    masterKeyFile: master
  });
  const start = async (settings: IKeySettings) => {
    const started = await startKeys(scratch.place, settings);
    opened.push(started.database);
    return started;
  };
  const rotate = async (settings: IKeySettings) => {
    const lines: string[] = [];
    const line = (text: string): void => void lines.push(text);
    const code = await rotateCommand({
      ...{ words: [], nowMs: () => Date.now(), say: line, complain: line },
      variables: storageVariables(scratch.place, settings)
    });
    return { code, said: lines.join('\n') };
  };

  it('are made by the first of those that start at once, and are the same for all', async () => {
    const all = await Promise.all(['a', 'b', 'c', 'd'].map(name => start(settingsOf(name))));
    expect(new Set(all.map(({ keys }) => keys.publicKey)).size).toBe(1);
    expect(new Set(all.map(({ keys }) => Buffer.from(keys.secret('ticket')).toString('hex'))).size).toBe(1);
    const { publicKey, sign } = (await start(settingsOf('e'))).keys;
    const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: publicKey } });
    expect(verify(null, Buffer.from('text'), key, Buffer.from(sign('text'), 'base64url'))).toBe(true);
    expect(readdirSync(settingsOf('a').stateFolder)).toEqual([]);
  });

  it('are those of a state folder that is there already, taken over once', async () => {
    const old = { stateFolder: settingsOf('old').stateFolder };
    const before = await start(old);
    // The key that its database was sealed with until now goes into a Secret.
    const outside = { ...old, masterKeyFile: join(old.stateFolder, 'master-key') };
    const after = await start(outside);
    const elsewhere = await start({ ...outside, stateFolder: settingsOf('empty').stateFolder });
    for (const { keys } of [after, elsewhere]) {
      expect(keys.publicKey).toBe(before.keys.publicKey);
      expect(keys.secret('ticket')).toEqual(before.keys.secret('ticket'));
    }
    // What another folder holds counts no more, and neither does a service that reads keys from one.
    const other = settingsOf('other').stateFolder;
    await openKeys(other);
    expect((await start({ ...outside, stateFolder: other })).keys.publicKey).toBe(before.keys.publicKey);
    await expect(start(old)).rejects.toThrow(
      "The keys of this service lie in its database, sealed with the master key: name that key's file in LABKEEPER_MASTER_KEY_FILE."
    );
  });

  it('are not made anew for a log that was signed: its state folder is wanted once', async () => {
    const old = { stateFolder: settingsOf('old').stateFolder };
    const { keys } = await start(old);
    const secret = join(folder.path, `secret-${runs}`);
    cpSync(join(old.stateFolder, 'master-key'), secret);
    const empty = { stateFolder: settingsOf('empty').stateFolder, masterKeyFile: secret };
    await expect(start(empty)).rejects.toThrow(
      `has never signed this log, which ${keys.signingKeyId} signed last: put signing-key.pem and service-secret back`
    );
    // The folder comes late.
    rmSync(empty.stateFolder, { recursive: true });
    cpSync(old.stateFolder, empty.stateFolder, { recursive: true });
    chmodSync(empty.stateFolder, 0o700);
    expect((await start(empty)).keys.publicKey).toBe(keys.publicKey);
  });

  it('are rotated there: the old one names the new one, and commands and services find it', async () => {
    const settings = settingsOf('a');
    const { database, keys: before } = await start(settings);
    const { code, said } = await rotate(settings);
    expect([code, said]).toEqual([0, expect.stringContaining('Both keys lie in the database')]);
    const { keys: after } = await start(settingsOf('b'));
    expect(after.publicKey).not.toBe(before.publicKey);
    expect(after.secret('ticket')).toEqual(before.secret('ticket'));
    const [rotation] = await new LogRange(database).rotations();
    expect(rotation?.body).toMatchObject({ oldPublicKey: before.publicKey, publicKey: after.publicKey });
    const signer = createPublicKey({
      format: 'jwk',
      key: { kty: 'OKP', crv: 'Ed25519', x: before.publicKey }
    });
    const [text, signature] = [rotationText(rotation?.body ?? never()), rotation?.signature ?? ''];
    expect(verify(null, Buffer.from(text), signer, Buffer.from(signature, 'base64url'))).toBe(true);
    const command = await openExistingKeys(database, await openKeyPlaces(settingsOf('c')));
    expect(command.publicKey).toBe(after.publicKey);
    // Once more, from the new one on.
    expect((await rotate(settings)).code).toBe(0);
    expect((await new LogRange(database).rotations())[1]?.body.oldPublicKey).toBe(after.publicKey);
    const names = await database.read.selectFrom('sealed_secret').select('name').execute();
    expect(names).toHaveLength(5);
  });

  it('are refused where one was altered, or there are none yet', async () => {
    const settings = settingsOf('a');
    const empty = await openDatabase(scratch.place, () => undefined);
    opened.push(empty);
    await expect(openExistingKeys(empty, await openKeyPlaces(settings))).rejects.toThrow(
      'This database has no keys of a service yet: start the service of this version once.'
    );
    const { database } = await start(settings);
    const pem = database.read
      .selectFrom('sealed_secret')
      .select('sealed')
      .where('name', '=', 'signing-key.pem');
    await database.write
      .updateTable('sealed_secret')
      .set({ sealed: pem })
      .where('name', '=', 'service-secret')
      .execute();
    await expect(start(settings)).rejects.toThrow(
      'The key service-secret in the database was altered: restore it from a backup.'
    );
  });

  it('stay in the state folder with SQLite, whose master key may come from outside', async () => {
    const sqlite = await scratchDatabase('sqlite');
    const settings = settingsOf('sqlite');
    const { database, keys } = await startKeys(sqlite.place, settings);
    expect(readdirSync(settings.stateFolder).sort()).toEqual(['service-secret', 'signing-key.pem']);
    expect((await openKeys(settings.stateFolder)).publicKey).toBe(keys.publicKey);
    expect(await database.read.selectFrom('sealed_secret').selectAll().execute()).toEqual([]);
    await database.close();
    await sqlite.remove();
  });

  it('of a lost folder are replaced where an admin says so', async () => {
    const old = { stateFolder: settingsOf('old').stateFolder };
    await start(old);
    const secret = join(folder.path, `secret-${runs}`);
    cpSync(join(old.stateFolder, 'master-key'), secret);
    const empty = { stateFolder: settingsOf('empty').stateFolder, masterKeyFile: secret };
    await expect(start(empty)).rejects.toThrow('has never signed this log');
    const made = await openKeys(empty.stateFolder);
    writeFileSync(join(empty.stateFolder, 'new-key'), made.signingKeyId);
    expect((await start(empty)).keys.publicKey).toBe(made.publicKey);
  });
});

function never(): never {
  throw new Error('There is no rotation.');
}
