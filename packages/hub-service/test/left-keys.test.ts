import { cpSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { keyAdvice } from '../src/keys/service-keys.js';
import { openKeyPlaces, type IKeySettings } from '../src/keys/unlock-database.js';
import { Browser } from '../src/pages/browser.test.data.js';
import type { IDatabase } from '../src/store/database.js';
import { startKeys } from './support/service-keys.js';
import { scratchDatabase, scratchFolder, type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

describe('keys that a database took over from a state folder', () => {
  const folder = scratchFolder();
  const stateFolder = join(folder.path, 'state');
  const outside: IKeySettings = { stateFolder, masterKeyFile: join(folder.path, 'secret') };
  const opened: IDatabase[] = [];
  let scratch: IScratchDatabase;
  beforeAll(async () => {
    scratch = await scratchDatabase('postgres');
    await start({ stateFolder });
    cpSync(join(stateFolder, 'master-key'), join(folder.path, 'secret'));
  });
  afterAll(async () => {
    await Promise.all(opened.map(database => database.close()));
    await scratch.remove();
    folder.remove();
  });
  const start = async (settings: IKeySettings) => {
    const started = await startKeys(scratch.place, settings);
    opened.push(started.database);
    return started;
  };
  const status = async (isAdmin = true): Promise<string> => {
    const places = await openKeyPlaces(outside);
    const browser = await Browser.open({ advice: () => keyAdvice({ kind: 'postgres' }, places) });
    if (isAdmin) {
      browser.hub.people.get('lead')?.scopes.push('custom:labkeeper:admin');
    }
    return (await browser.visit('/status')).body;
  };

  it('and that still lie there are named at each start and on Status, with what to do, until they are gone', async () => {
    for (const { told } of [await start(outside), await start(outside)]) {
      expect(told).toEqual([
        expect.stringContaining(
          `master-key, service-secret, signing-key.pem lie in the clear in ${stateFolder}`
        )
      ]);
      expect(told[0]).toContain(`rm ${stateFolder}/master-key ${stateFolder}/service-secret`);
    }
    expect(await status()).toContain('service-secret, signing-key.pem lie in the clear');
    // Paths on the service's machine are nothing for everybody who reads the log.
    expect(await status(false)).not.toContain('in the clear');
    rmSync(join(stateFolder, 'service-secret'));
    rmSync(join(stateFolder, 'signing-key.pem'));
    // The very file that the service is given is no copy.
    const { told } = await start({ stateFolder, masterKeyFile: join(stateFolder, 'master-key') });
    expect(told).toEqual([]);
    // Nor is it under another name.
    symlinkSync(join(stateFolder, 'master-key'), join(folder.path, 'link'));
    expect((await start({ stateFolder, masterKeyFile: join(folder.path, 'link') })).told).toEqual([]);
    rmSync(join(stateFolder, 'master-key'));
    expect((await start(outside)).told).toEqual([]);
    expect(await status()).not.toContain('in the clear');
    expect(readdirSync(stateFolder)).toEqual([]);
    const places = await openKeyPlaces(outside);
    rmSync(stateFolder, { recursive: true });
    expect(await keyAdvice({ kind: 'postgres' }, places)).toEqual([]);
  });

  it('are where they belong with SQLite', async () => {
    const sqlite = await scratchDatabase('sqlite');
    const { told, database } = await startKeys(sqlite.place, outside);
    expect(told).toEqual([]);
    expect(readdirSync(stateFolder)).toContain('signing-key.pem');
    await database.close();
    await sqlite.remove();
  });
});
