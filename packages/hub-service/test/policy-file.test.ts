import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { Metrics } from '../src/metrics.js';
import { PolicyInForce } from '../src/policy/policy-in-force.js';
import { PolicyStore } from '../src/policy/policy-store.js';
import { sha256Hex } from '../src/sha256.js';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { scratchFolder } from './support/scratch-databases.js';

jest.setTimeout(30_000);

const off = (reason: string): string => `[[switch]]\npart = "meter"\nstate = "off"\nreason = "${reason}"\n`;

describe.each<DatabaseKind>(['sqlite', 'postgres'])('the policy in force, with %s', kind => {
  const folder = scratchFolder();
  const file = join(folder.path, 'labkeeper.toml');
  let scratch: Awaited<ReturnType<typeof migratedDatabase>>;
  let database: IDatabase;
  const running: PolicyInForce[] = [];
  let logged: string[] = [];

  beforeEach(async () => {
    scratch = await migratedDatabase(kind);
    database = await openDatabase(scratch.place, () => undefined);
    logged = [];
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map(policy => policy.close()));
    await database.close();
    await scratch.remove();
    rmSync(file, { force: true });
  });
  afterAll(() => folder.remove());

  async function start(path: string | null = file): Promise<PolicyInForce> {
    const policy = new PolicyInForce({
      path,
      store: new PolicyStore(database, () => 1000),
      log: pino({ level: 'info' }, { write: line => logged.push(JSON.parse(line).msg) }),
      metrics: new Metrics(false),
      lookMs: { usual: 20, settling: 10 }
    });
    running.push(policy);
    await policy.start();
    return policy;
  }

  const reasonIn = (policy: PolicyInForce): string | undefined => policy.active.policy.switch[0]?.reason;
  const until = async (holds: () => boolean): Promise<void> => {
    for (const endMs = performance.now() + 5000; !holds();) {
      expect(performance.now()).toBeLessThan(endMs);
      await pause(10);
    }
  };
  const uses = async (): Promise<string[]> =>
    (await database.read.selectFrom('policy_use').select('digest').orderBy('id').execute()).map(
      ({ digest }) => digest
    );

  it('is none without a file', async () => {
    const policy = await start(null);
    expect(policy.active).toEqual({ digest: sha256Hex(''), policy: { switch: [] } });
    expect(await uses()).toEqual([]);
  });

  it('warns of one that blocks pip itself, once, and uses it', async () => {
    writeFileSync(file, '[packages]\ndefault = "deny"\n');
    const policy = await start();
    expect(policy.active.policy.packages).toMatchObject({ mode: 'observe', default: 'deny', rule: [] });
    expect(policy.trouble).toBeNull();
    expect(logged.filter(line => line.includes('this policy blocks pip itself'))).toEqual([
      expect.stringContaining(`${file}, line 2: `)
    ]);
  });

  it('follows edits, and keeps every version under its digest', async () => {
    writeFileSync(file, off('one'));
    const policy = await start();
    expect([reasonIn(policy), policy.active.digest]).toEqual(['one', sha256Hex(off('one'))]);
    let changes = 0;
    policy.onChange(() => (changes += 1));
    writeFileSync(file, off('two'));
    await until(() => reasonIn(policy) === 'two');
    writeFileSync(file, off('one'));
    await until(() => reasonIn(policy) === 'one');
    expect(changes).toBe(2);
    expect(await uses()).toEqual([off('one'), off('two'), off('one')].map(text => sha256Hex(text)));
    const kept = await database.read.selectFrom('policy_version').selectAll().execute();
    expect(kept.map(({ digest, content }) => [digest, Buffer.from(content).toString()]).sort()).toEqual(
      [off('one'), off('two')].map(text => [sha256Hex(text), text]).sort()
    );
  });

  it('stays as it was at a bad edit, and says so once', async () => {
    writeFileSync(file, off('one'));
    const policy = await start();
    writeFileSync(file, `${off('two')}share = 2\n`);
    await until(() => policy.trouble !== null);
    await pause(100);
    expect(reasonIn(policy)).toBe('one');
    expect(logged.slice(1)).toEqual([
      `${file}, line 5: switch.share: expected a number from 0 to 1, got 2. The policy stays as it was.`
    ]);
    rmSync(file);
    await until(() => policy.trouble === `${file}: expected a file, got none.`);
    expect(reasonIn(policy)).toBe('one');
    writeFileSync(file, off('three'));
    await until(() => reasonIn(policy) === 'three');
    expect(policy.trouble).toBeNull();
  });

  it('begins with the version that was in force last where the file cannot be used', async () => {
    writeFileSync(file, off('one'));
    await (await start()).close();
    writeFileSync(file, 'nonsense');
    const policy = await start();
    expect([reasonIn(policy), policy.active.digest]).toEqual(['one', sha256Hex(off('one'))]);
    expect(policy.trouble).toContain('line 1');
    expect(await uses()).toHaveLength(1);
  });

  it('follows a name that is made to lead elsewhere, as a ConfigMap is', async () => {
    const mount = join(folder.path, `mount-${kind}`);
    const put = (version: string): void => {
      mkdirSync(join(mount, version), { recursive: true });
      writeFileSync(join(mount, version, 'labkeeper.toml'), off(version));
      symlinkSync(version, join(mount, 'next'));
      renameSync(join(mount, 'next'), join(mount, '..data'));
    };
    put('v1');
    symlinkSync('..data/labkeeper.toml', join(mount, 'labkeeper.toml'));
    const policy = await start(join(mount, 'labkeeper.toml'));
    expect(reasonIn(policy)).toBe('v1');
    put('v2');
    await until(() => reasonIn(policy) === 'v2');
  });

  it('counts as one where two replicas see the same edit', async () => {
    writeFileSync(file, off('one'));
    await Promise.all([start(), start()]);
    const [first, second] = running;
    writeFileSync(file, off('two'));
    await until(() => [first, second].every(policy => policy && reasonIn(policy) === 'two'));
    expect(new Set(await uses())).toEqual(new Set([off('one'), off('two')].map(text => sha256Hex(text))));
  });
});
