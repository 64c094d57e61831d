import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { migratedDatabase } from '../../test/support/migrated-databases.js';
import { scratchFolder } from '../../test/support/scratch-databases.js';
import { openDatabase } from '../store/database.js';
import { openKeys, registerSigningKey } from './keys.js';
import { refuseOtherKey } from './refuse-other-key.js';

it('a lost key is no silent new identity: one sentence says what to do, and an admin may decide for a new one', async () => {
  const folder = scratchFolder();
  const scratch = await migratedDatabase('sqlite');
  const database = await openDatabase(scratch.place, () => undefined);
  const state = join(folder.path, 'state');
  try {
    const first = await openKeys(state);
    // Nothing was signed yet.
    await refuseOtherKey(database, first, state);
    await registerSigningKey(database, first, 1);
    await refuseOtherKey(database, first, state);

    rmSync(join(state, 'signing-key.pem'));
    const other = await openKeys(state);
    expect(other.signingKeyId).not.toBe(first.signingKeyId);
    const refused = `(${other.signingKeyId}) has never signed this log, which ${first.signingKeyId} signed last: put signing-key.pem and service-secret back`;
    await expect(refuseOtherKey(database, other, state)).rejects.toThrow(refused);
    // Also at the next start, and with the decision for another key.
    await expect(refuseOtherKey(database, await openKeys(state), state)).rejects.toThrow(refused);
    writeFileSync(join(state, 'new-key'), first.signingKeyId);
    await expect(refuseOtherKey(database, other, state)).rejects.toThrow(refused);

    writeFileSync(join(state, 'new-key'), `${other.signingKeyId}\n`);
    await refuseOtherKey(database, other, state);
    rmSync(join(state, 'new-key'));
    await registerSigningKey(database, other, 2);
    await refuseOtherKey(database, other, state);
  } finally {
    await database.close();
    await scratch.remove();
    folder.remove();
  }
});
