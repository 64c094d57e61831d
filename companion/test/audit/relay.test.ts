import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { HubAway, HubClient } from '../../src/audit/hub-client.js';
import { OutgoingLedger } from '../../src/outgoing/outgoing-ledger.js';
import { HubTickets } from '../../src/audit/hub-tickets.js';
import { Receipts } from '../../src/audit/receipts.js';
import { Relay } from '../../src/audit/relay.js';
import { systemClock } from '../../src/clock.js';
import { until } from '../until.js';
import { scratch } from '../wire.js';
import { SOMETHING, SpoolScene } from './scene.js';
import { failing, SPOILS, toFolder, toLink } from './spoil.js';
import { TestHub, type Fate } from './test-hub.js';

jest.setTimeout(30_000);

/** The note of `old` is a folder now, as anybody can make it who has the home. */
function turnToFolder(old: SpoolScene, { noted }: SpoolScene): void {
  const path = join(noted.folder, `${old.boot}.stream`);
  rmSync(path);
  mkdirSync(path);
}

describe('the relay', () => {
  let [home, hub] = [scratch(), null as TestHub | null];
  const ends: (() => Promise<void>)[] = [];
  beforeEach(async () => {
    home = scratch();
    hub = await TestHub.start();
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) {
      await end();
    }
    await hub?.stop();
    home.remove();
  });

  /** A companion whose relay speaks to the hub of the test. */
  function companion(token = 'secret', serverId = 'server') {
    const scene = new SpoolScene(home.path, { clock: systemClock, serverId });
    const receipts = new Receipts(scene.disk, line => scene.logged.push(line));
    const client = new HubClient(
      hub?.url ?? new URL('http://127.0.0.1:1/'),
      () => Date.now(),
      new OutgoingLedger(Date.now),
      400
    );
    const relay = new Relay({
      client,
      tickets: new HubTickets({ client, token, clock: systemClock }),
      ...{ receipts, spool: scene.spool, clock: systemClock },
      random: () => 0.01,
      log: line => scene.logged.push(line)
    });
    scene.grew = () => relay.wake();
    const end = async (orderly = false): Promise<void> => {
      relay.dispose();
      await scene.spool.close(orderly);
    };
    ends.push(end);
    return { scene, relay, receipts, client, end };
  }

  const seqs = (boot: string): number[] => (hub?.records(boot) ?? []).map(line => JSON.parse(line).seq);
  const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

  it('takes a ticket, asks for the head and sends what there is', async () => {
    const { scene, relay, receipts } = companion();
    await scene.spool.start();
    await scene.spool.record(new Array(1200).fill(SOMETHING));
    await until(() => relay.waiting === 0);
    expect(seqs(scene.boot)).toEqual(upTo(1201));
    expect(hub?.requests).toEqual([
      'POST api/v1/ticket token',
      'GET api/v1/records Bearer',
      ...new Array(3).fill('POST api/v1/records Bearer')
    ]);
    expect(relay.connected).toBe(true);
    expect(receipts.short).toMatch(/^\d+-[0-9a-f]{8}$/);
    const kept = JSON.parse(readFileSync(join(scene.disk.folder, `${scene.boot}.receipt`), 'utf8'));
    expect(kept.body.seq).toBe(1201);
    await scene.spool.record([SOMETHING]);
    await until(() => seqs(scene.boot).length === 1202);
    expect(hub?.requests).toHaveLength(6);
  });

  const fates: Fate[] = [
    'hang',
    'lost-answer',
    'reset',
    'busy',
    'elsewhere',
    'page',
    'ticket-ended',
    'too-large'
  ];
  it.each(fates)('brings every record once where a request has the fate: %s', async fate => {
    const { scene, relay } = companion();
    await scene.spool.start();
    await until(() => relay.waiting === 0);
    hub?.fates.push(fate);
    const [first, ...more] = [3, 2, 4];
    await scene.spool.record(new Array(first).fill(SOMETHING));
    for (const count of more) {
      await scene.spool.record(new Array(count).fill(SOMETHING));
    }
    await until(() => relay.waiting === 0 && hub?.fates.length === 0);
    expect(seqs(scene.boot)).toEqual(upTo(10));
    expect(hub?.busiest).toBe(1);
    expect(relay.trouble).toBeNull();
    const isTrouble = !['ticket-ended', 'too-large'].includes(fate);
    expect(scene.logged.length).toBe(isTrouble ? 2 : 0);
  });

  it('goes through any mixture of fates', async () => {
    const { scene, relay } = companion();
    await scene.spool.start();
    for (let round = 0; round < 12; round += 1) {
      const some = fates.filter(one => one !== 'busy' && one !== 'too-large');
      const fate = some[Math.floor(Math.random() * some.length)];
      hub?.fates.push(...(fate ? [fate] : []));
      await scene.spool.record(new Array(round).fill(SOMETHING));
    }
    await until(() => relay.waiting === 0);
    expect(seqs(scene.boot)).toEqual(upTo(1 + 66));
    expect(hub?.busiest).toBe(1);
  });

  it('waits as long as the service asks', async () => {
    const { scene, relay } = companion();
    hub?.fates.push('busy');
    const began = performance.now();
    await scene.spool.start();
    await until(() => relay.waiting === 0);
    expect(performance.now() - began).toBeGreaterThan(1000);
    expect(scene.logged[0]).toContain('The hub service says: The database is away.');
  });

  it('sends first what earlier companions left, oldest first, and removes it', async () => {
    const boots: string[] = [];
    for (const count of [700, 20]) {
      const scene = new SpoolScene(home.path, { serverId: 'old', clock: systemClock });
      await scene.spool.start();
      await scene.spool.record(new Array(count).fill(SOMETHING));
      await scene.spool.close(true);
      boots.push(scene.boot);
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    const { scene, relay } = companion();
    await scene.spool.start();
    await until(() => relay.waiting === 0);
    expect([...(hub?.streams.keys() ?? [])]).toEqual([...boots, scene.boot]);
    expect(seqs(boots[0] ?? '').length).toBe(702);
    const left = readdirSync(scene.disk.folder);
    expect(left.filter(name => name.endsWith('.audit'))).toHaveLength(1);
    expect(left.filter(name => name.endsWith('.receipt'))).toHaveLength(3);
  });

  it('goes on from what the hub has of a stream whose answer was lost when the companion was killed', async () => {
    const first = companion('secret', 'old');
    hub?.fates.push('good', 'lost-answer', 'hang', 'hang');
    await first.scene.spool.start();
    await first.scene.spool.record([SOMETHING]);
    await until(() => seqs(first.scene.boot).length > 0);
    await first.end();
    hub?.fates.splice(0);
    const { scene, relay } = companion();
    await scene.spool.start();
    await until(() => relay.waiting === 0);
    expect(seqs(first.scene.boot)).toEqual([1, 2]);
    expect(scene.spool.earlier.waiting).toEqual([]);
  });

  it('asks for the receipt of what arrived while its answer was lost', async () => {
    const { scene, relay } = companion();
    await scene.spool.start();
    await until(() => relay.waiting === 0);
    const kept = (): { first: number; seq: number; head: string } =>
      JSON.parse(readFileSync(join(scene.disk.folder, `${scene.boot}.receipt`), 'utf8')).body;
    hub?.fates.push('lost-answer');
    await scene.spool.record([SOMETHING, SOMETHING]);
    await until(() => relay.waiting === 0 && relay.connected && seqs(scene.boot).length === 3);
    expect(kept()).toMatchObject({ first: 2, seq: 3, head: scene.spool.own.head.hash });
    expect(hub?.requests.at(-1)).toBe('GET api/v1/receipt Bearer');
  });

  it('has the receipt of an earlier stream whose companion was killed before it came', async () => {
    const first = companion('secret', 'old');
    hub?.fates.push('good', 'lost-answer', 'hang', 'hang');
    await first.scene.spool.start();
    await until(() => seqs(first.scene.boot).length > 0);
    await first.end();
    hub?.fates.splice(0);
    // Once the answer is lost as well: the records are not dropped before.
    hub?.fates.push('good', 'reset');
    const { scene, relay } = companion();
    await scene.spool.start();
    await until(() => relay.waiting === 0 && scene.spool.earlier.waiting.length === 0);
    const kept = readFileSync(join(scene.disk.folder, `${first.scene.boot}.receipt`), 'utf8');
    expect(JSON.parse(kept).body).toMatchObject({ first: 1, seq: 1 });
  });

  it('asks for the head again where nobody is there any more for the question after a batch', async () => {
    const { scene, relay, client } = companion();
    await scene.spool.start();
    await until(() => relay.waiting === 0);
    const ask = client.ask.bind(client);
    jest
      .spyOn(client, 'ask')
      // The batch is stored, and its answer has no receipt.
      .mockImplementationOnce(async question => {
        const answer = await ask(question);
        return { ...answer, text: JSON.stringify({ ...JSON.parse(answer.text), receipt: null }) };
      })
      .mockRejectedValueOnce(new HubAway('cannot be reached: ECONNREFUSED', true));
    await scene.spool.record([SOMETHING]);
    await until(() => relay.waiting === 0 && seqs(scene.boot).length === 2);
    expect(hub?.requests.slice(-3)).toEqual([
      'POST api/v1/records Bearer',
      'GET api/v1/records Bearer',
      'GET api/v1/receipt Bearer'
    ]);
  });

  it.each(['older', 'broken'])('goes on without it where the service is %s', async how => {
    const { scene, relay } = companion();
    await scene.spool.start();
    await until(() => relay.waiting === 0);
    Object.assign(hub ?? {}, how === 'older' ? { givesReceipts: false } : { receiptStatus: 503 });
    hub?.fates.push('lost-answer');
    await scene.spool.record([SOMETHING]);
    // Not by `connected`: that may still be so from before.
    await until(() => relay.waiting === 0 && seqs(scene.boot).length === 2);
    const asked = hub?.requests.filter(request => request.startsWith('GET api/v1/receipt')).length;
    expect(asked).toBe(how === 'older' ? 1 : 3);
    await scene.spool.record([SOMETHING]);
    await until(() => relay.waiting === 0 && seqs(scene.boot).length === 3);
    expect(relay.trouble).toBeNull();
  });

  it('says so where the hub has other records of its stream, and goes on with a gap', async () => {
    const { scene, relay } = companion();
    hub?.streams.set(scene.boot, { seq: 1, hash: 'e'.repeat(64), lines: [] });
    await scene.spool.start();
    await until(() => hub?.records(scene.spool.own.boot).length === 2);
    await until(() => relay.waiting === 0);
    expect(scene.logged.join(' ')).toContain('other records of a stream');
    const told = hub?.records(scene.spool.own.boot).map(line => JSON.parse(line));
    expect(told?.map(({ action }) => action)).toEqual(['opened', 'gap']);
    expect(told?.[1].gap.cause).toBe('spool-lost');
  });

  it('says so where the hub lost what it had acknowledged, as one does that was restored from a backup', async () => {
    const { scene, relay } = companion();
    await scene.spool.start();
    for (let round = 0; round < 8; round += 1) {
      await scene.spool.record(new Array(500).fill(SOMETHING));
    }
    await until(() => relay.waiting === 0);
    const [first = ''] = hub?.records(scene.boot) ?? [];
    const second: { prev: string } = JSON.parse(hub?.records(scene.boot)[1] ?? '');
    hub?.streams.set(scene.boot, { seq: 1, hash: second.prev, lines: [first] });
    await scene.spool.record([SOMETHING]);
    await until(() => hub?.records(scene.spool.own.boot).length === 2 && scene.spool.own.boot !== scene.boot);
    expect(scene.logged.join(' ')).toContain('no longer has records that it had acknowledged');
    const gap = hub?.records(scene.spool.own.boot).map(line => JSON.parse(line).gap)[1];
    expect(gap).toMatchObject({ cause: 'spool-lost', count: 4001 });
  });

  it('says so where its files were removed before the hub had them, and goes on with a gap', async () => {
    const { scene, relay } = companion();
    await scene.spool.start();
    await until(() => relay.waiting === 0);
    hub?.fates.push('busy');
    await scene.spool.record([SOMETHING, SOMETHING]);
    readdirSync(scene.disk.folder)
      .filter(name => name.endsWith('.audit'))
      .forEach(name => rmSync(join(scene.disk.folder, name)));
    await until(() => scene.spool.own.boot !== scene.boot);
    await until(() => hub?.records(scene.spool.own.boot).length === 2 && relay.waiting === 0);
    const told = hub?.records(scene.spool.own.boot).map(line => JSON.parse(line));
    expect(told?.map(({ action }) => action)).toEqual(['opened', 'gap']);
    expect(told?.[1].gap).toMatchObject({ cause: 'spool-lost', count: 2 });
    expect(relay.trouble).toBeNull();
  });

  it('sets aside what the hub will never take, once, and says so', async () => {
    const { scene, relay } = companion();
    await scene.spool.start();
    await until(() => relay.waiting === 0);
    hub?.fates.push('malformed');
    await scene.spool.record([SOMETHING]);
    await until(() => scene.spool.own.boot !== scene.boot);
    await until(() => scene.spool.own.head.seq === 2 && relay.trouble !== null);
    expect(await scene.told()).toEqual(['opened', 'spool-lost']);
    expect(readdirSync(scene.disk.folder).filter(name => name.endsWith('.aside'))).toHaveLength(1);
    expect(relay.trouble).toBe('The hub service says: This is no batch.');
  });

  it.each([
    ['the note of an earlier stream', (scene: SpoolScene, old: SpoolScene) => turnToFolder(old, scene)],
    [
      'the file of an earlier stream',
      ({ disk }: SpoolScene) => {
        const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
        jest.spyOn(disk, 'remove').mockRejectedValue(denied);
        jest.spyOn(disk, 'rename').mockRejectedValue(denied);
      }
    ]
  ])('goes on to send where %s cannot be removed, and says so once', async (_what, hinder) => {
    const old = companion('secret', 'old');
    old.relay.dispose();
    await old.scene.spool.start();
    await old.scene.spool.record([SOMETHING]);
    await old.end(true);
    const { scene, relay } = companion();
    scene.grew = () => undefined;
    await scene.spool.start();
    hinder(scene, old.scene);
    relay.wake();
    await until(() => relay.waiting === 0 && seqs(scene.boot).length === 1);
    await scene.spool.record([SOMETHING]);
    relay.wake();
    await until(() => relay.waiting === 0 && seqs(scene.boot).length === 2);
    expect(seqs(old.scene.boot)).toEqual([1, 2, 3]);
    expect(relay.trouble).toBeNull();
    expect(scene.logged).toHaveLength(1);
  });

  /** What the hub has of a stream, action by action; of a gap its cause. */
  const toldHub = (boot: string): string[] =>
    (hub?.records(boot) ?? []).map(line => {
      const record: { action: string; gap: { cause: string } | null } = JSON.parse(line);
      return record.gap?.cause ?? record.action;
    });

  /** A companion that found what a killed one left, and sends nothing before it is woken. */
  async function found(): Promise<ReturnType<typeof companion> & { readonly old: string }> {
    const old = companion('secret', 'old');
    old.relay.dispose();
    await old.scene.spool.start();
    await old.scene.spool.record([SOMETHING]);
    await old.end();
    const now = companion();
    now.scene.grew = () => undefined;
    await now.scene.spool.start();
    now.scene.grew = () => now.relay.wake();
    return { ...now, old: old.scene.boot };
  }

  it.each(SPOILS)('goes on to send where the file of an earlier stream is %s', async (_what, spoil) => {
    const { scene, relay, old } = await found();
    spoil(scene.disk, `${old}.0.audit`);
    relay.wake();
    await until(() => relay.waiting === 0 && seqs(scene.boot).length === 3);
    expect(toldHub(scene.boot)).toEqual(['opened', 'companion-down', 'spool-lost']);
    expect(readdirSync(scene.disk.folder).filter(name => name.endsWith('.aside'))).toHaveLength(1);
    await scene.spool.record([SOMETHING]);
    await until(() => seqs(scene.boot).length === 4);
    expect(relay.trouble).toBeNull();
  });

  it('goes on to send where the hub has a part of an earlier stream whose file is a link', async () => {
    const { scene, relay, old } = await found();
    hub?.streams.set(old, { seq: 1, hash: 'e'.repeat(64), lines: [] });
    toLink(scene.disk, `${old}.0.audit`);
    relay.wake();
    await until(() => relay.waiting === 0 && seqs(scene.boot).length === 3);
    expect(toldHub(scene.boot)).toEqual(['opened', 'companion-down', 'spool-lost']);
    expect(scene.logged.join(' ')).toContain('can no longer be read');
  });

  it.each(SPOILS)('goes on in another stream where the file of its own is %s', async (_what, spoil) => {
    const { scene, relay } = companion();
    await scene.spool.start();
    await until(() => relay.waiting === 0);
    hub?.fates.push('busy');
    await scene.spool.record([SOMETHING, SOMETHING]);
    spoil(scene.disk, `${scene.boot}.0.audit`);
    await until(() => scene.spool.own.boot !== scene.boot);
    await until(() => hub?.records(scene.spool.own.boot).length === 2 && relay.waiting === 0);
    expect(toldHub(scene.spool.own.boot)).toEqual(['opened', 'spool-lost']);
    expect(relay.trouble).toBeNull();
  });

  it('sends its own records while an earlier stream cannot be read, and that one when it can', async () => {
    const { scene, relay, old } = await found();
    const mend = failing(scene.disk, `${old}.0.audit`, 'EIO');
    relay.wake();
    await until(() => seqs(scene.boot).length === 2);
    await scene.spool.record([SOMETHING]);
    await until(() => seqs(scene.boot).length === 3);
    expect(toldHub(scene.boot)).toEqual(['opened', 'companion-down', 'heartbeat']);
    expect(relay.trouble).toMatch(/^Records that wait for the hub service cannot be read: .*EIO/);
    await until(() => relay.waiting === 2);
    expect(scene.logged).toHaveLength(1);
    mend();
    await relay.flush(5000);
    expect(seqs(old)).toEqual([1, 2]);
    expect(relay.waiting).toBe(0);
    expect(relay.trouble).toBeNull();
  });

  it.each([
    ['a link', toLink],
    ['a folder', toFolder]
  ])('goes on to send where a receipt is %s, and says so at most once', async (_what, spoil) => {
    const { scene, relay, old, receipts } = await found();
    spoil(scene.disk, `${old}.receipt`);
    spoil(scene.disk, `${scene.boot}.receipt`);
    relay.wake();
    await until(() => relay.waiting === 0);
    await scene.spool.record([SOMETHING]);
    await until(() => relay.waiting === 0 && seqs(scene.boot).length === 3);
    expect(seqs(old)).toEqual([1, 2]);
    expect(relay.trouble).toBeNull();
    expect(scene.logged).toHaveLength(spoil === toFolder ? 1 : 0);
    rmSync(join(scene.disk.folder, `${old}.receipt`), { recursive: true });
    await scene.spool.record([SOMETHING]);
    await until(() => relay.waiting === 0 && seqs(scene.boot).length === 4);
    // One that could not be kept is kept when it can be.
    expect(existsSync(join(scene.disk.folder, `${old}.receipt`))).toBe(spoil === toFolder);
    expect((await receipts.of(scene.boot))?.seq).toBe(4);
  });

  it('says nothing of a loss where it sent at the end what its server left unsent when it was gone', async () => {
    const { scene, relay, end } = companion();
    await scene.spool.start();
    await until(() => relay.waiting === 0);
    await scene.spool.record([SOMETHING]);
    await scene.spool.close(false);
    await relay.flush(500);
    expect(seqs(scene.boot)).toEqual([1, 2]);
    await end();
    const next = new SpoolScene(home.path, { serverId: 'next' });
    await next.spool.start();
    expect(await next.told()).not.toContain('spool-lost');
    await next.spool.close(false);
  });

  it('does not ask again and again where its token is not known', async () => {
    const { scene, relay } = companion('wrong');
    await scene.spool.start();
    await until(() => relay.trouble !== null);
    expect(relay.trouble).toBe('The hub service says: JupyterHub does not know this token.');
    await new Promise(resolve => setTimeout(resolve, 500));
    expect(hub?.requests).toHaveLength(1);
    expect(relay.waiting).toBe(1);
  });

  it('says that the versions do not fit', async () => {
    const { scene, relay } = companion();
    Object.assign(hub ?? {}, { protocols: [2, 3] });
    await scene.spool.start();
    await until(() => relay.trouble !== null);
    expect(relay.trouble).toContain('does not read version 1 of the protocol');
  });

  it('sends at the end what can still be sent, and does not wait longer', async () => {
    const { scene, relay } = companion();
    await scene.spool.start();
    await until(() => relay.waiting === 0);
    await scene.spool.close(true);
    await relay.flush(500);
    expect(hub?.records(scene.boot).map(line => JSON.parse(line).action)).toEqual(['opened', 'closed']);
    expect(existsSync(join(scene.disk.folder, `${scene.boot}.0.audit`))).toBe(false);
    hub?.fates.push('hang');
    await scene.spool.record([SOMETHING]);
    const began = performance.now();
    await relay.flush(100);
    expect(performance.now() - began).toBeLessThan(300);
  });
});
