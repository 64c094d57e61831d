import type { Reclaim, ReclaimKind } from '@labkeeper/protocol';
import { ReclaimBoard } from './reclaim-board.js';

const NOW = Date.UTC(2026, 10, 24, 14);
const MINUTE = 60_000;

/** A board with both clocks, and how often its list changed. */
class Scene {
  readonly board = new ReclaimBoard(reclaims => this.lists.push(reclaims));
  readonly lists: (readonly Reclaim[])[] = [];
  wallMs = NOW;
  monotonicMs = 1000;

  say(
    channel: string,
    kind: ReclaimKind,
    deadlineMs: number | null,
    change: { key?: string; revision?: string; source?: string } = {}
  ): string | null {
    return this.board.observe(
      { channel, key: 'k', kind, deadlineMs, source: channel, atMs: this.wallMs, ...change },
      this.monotonicMs
    );
  }

  gone(channel: string, key = 'k'): void {
    this.board.gone(channel, key, this.monotonicMs);
  }

  pass(ms: number): void {
    this.wallMs += ms;
    this.monotonicMs += ms;
    this.board.look(this.monotonicMs);
  }

  get all(): readonly Reclaim[] {
    return this.board.reclaims;
  }
}

describe('ReclaimBoard', () => {
  let scene: Scene;

  beforeEach(() => {
    scene = new Scene();
  });

  it('gives a notice with what was said', () => {
    expect(scene.say('aws', 'reclaim', NOW + 120_000, { source: 'AWS' })).toBeNull();
    expect(scene.all).toEqual([
      {
        id: `${NOW}-1`,
        kind: 'reclaim',
        deadlineMs: NOW + 120_000,
        givenAtMs: NOW,
        source: 'AWS',
        withdrawn: false
      }
    ]);
    expect(scene.lists).toEqual([scene.all]);
  });

  it('keeps the first deadline of an emulator that moves it at every request, and stays silent', () => {
    for (let round = 0; round < 100; round++) {
      scene.say('aws', 'reclaim', scene.wallMs + 120_000);
      scene.pass(2000);
    }
    expect(scene.lists).toHaveLength(1);
    expect(scene.all).toMatchObject([{ deadlineMs: NOW + 120_000, givenAtMs: NOW }]);
  });

  it('follows a deadline that comes nearer', () => {
    scene.say('aws', 'reclaim', NOW + 120_000);
    scene.say('aws', 'reclaim', NOW + 60_000);
    scene.say('aws', 'reclaim', null);
    scene.say('aws', 'reclaim', NOW + 30_000);
    expect(scene.lists.map(list => list[0]?.deadlineMs)).toEqual([NOW + 120_000, NOW + 60_000, null]);
  });

  it('follows an administrator who puts it off', () => {
    scene.say('file', 'maintenance', NOW + 10 * MINUTE, { revision: 'ten minutes' });
    scene.say('file', 'maintenance', NOW + 60 * MINUTE, { revision: 'an hour' });
    expect(scene.all).toMatchObject([{ id: `${NOW}-1`, deadlineMs: NOW + 60 * MINUTE }]);
  });

  it('makes one notice of one event that four channels announce, with the earliest end and the reason', () => {
    scene.say('aws', 'reclaim', NOW + 120_000, { source: 'AWS' });
    scene.say('file', 'reclaim', NOW + 118_000, { source: 'node watcher' });
    expect(scene.all).toMatchObject([{ source: 'AWS', deadlineMs: NOW + 118_000 }]);
    scene.pass(MINUTE);
    scene.say('endpoint', 'stop', null);
    scene.say('signal', 'stop', null);
    expect(scene.all).toMatchObject([{ id: `${NOW}-1`, kind: 'reclaim', source: 'AWS', deadlineMs: null }]);
    expect(scene.all).toHaveLength(1);
  });

  it('learns the reason of a stop afterwards', () => {
    scene.say('endpoint', 'stop', null);
    scene.say('aws', 'reclaim', NOW + 90_000);
    expect(scene.all).toMatchObject([{ id: `${NOW}-1`, kind: 'reclaim', source: 'aws', deadlineMs: null }]);
  });

  it('tells a stop today from maintenance on Friday, and a freeze from a reboot', () => {
    scene.say('azure', 'maintenance', NOW + 3 * 24 * 60 * MINUTE, { key: 'reboot' });
    scene.say('azure', 'maintenance', NOW + 15 * MINUTE, { key: 'freeze' });
    scene.say('signal', 'stop', null);
    expect(scene.all.map(({ kind, deadlineMs }) => [kind, deadlineMs])).toEqual([
      ['stop', null],
      ['maintenance', NOW + 15 * MINUTE],
      ['maintenance', NOW + 3 * 24 * 60 * MINUTE]
    ]);
  });

  it('lets a trial be nothing but a trial', () => {
    scene.say('trial', 'trial', NOW + 30_000);
    scene.say('signal', 'stop', null);
    scene.say('aws', 'reclaim', NOW + 30_000);
    expect(scene.all.map(({ kind }) => kind)).toEqual(['reclaim', 'trial']);
  });

  it('goes back to the other deadline when the earlier channel takes its word back', () => {
    scene.say('aws', 'reclaim', NOW + 120_000);
    scene.say('file', 'reclaim', NOW + 30_000);
    scene.gone('file');
    expect(scene.all).toMatchObject([{ deadlineMs: NOW + 120_000, withdrawn: false }]);
    scene.gone('aws');
    expect(scene.all).toMatchObject([{ deadlineMs: NOW + 120_000, withdrawn: true }]);
  });

  it('shows for five minutes that a notice was withdrawn, then forgets it', () => {
    scene.say('aws', 'reclaim', NOW + 120_000);
    scene.gone('aws');
    expect(scene.board.look(scene.monotonicMs)).toBe(5 * MINUTE);
    scene.pass(5 * MINUTE - 1);
    expect(scene.all).toHaveLength(1);
    scene.pass(1);
    expect(scene.all).toEqual([]);
    expect(scene.board.look(scene.monotonicMs)).toBeNull();
  });

  it('takes a word that comes back for the same notice, with its new deadline', () => {
    scene.say('file', 'reclaim', NOW + 30_000);
    scene.gone('file');
    scene.pass(10_000);
    scene.say('file', 'reclaim', NOW + 90_000);
    expect(scene.all).toMatchObject([{ id: `${NOW}-1`, withdrawn: false, deadlineMs: NOW + 90_000 }]);
  });

  it('gives a second trial a notice of its own', () => {
    scene.board.hear('trial', [{ key: '1', kind: 'trial', deadlineMs: NOW + 9000, source: 'you' }], scene);
    scene.pass(5000);
    scene.board.hear('trial', [{ key: '2', kind: 'trial', deadlineMs: NOW + 20_000, source: 'you' }], scene);
    expect(scene.all.map(({ id, withdrawn }) => [id, withdrawn])).toEqual([
      [`${NOW + 5000}-2`, false],
      [`${NOW}-1`, true]
    ]);
  });

  it('takes for withdrawn what a channel leaves out, and leaves the words of others', () => {
    const said = (key: string, deadlineMs: number) =>
      ({ key, kind: 'maintenance', deadlineMs, source: 'Azure' }) as const;
    scene.board.hear('azure', [said('a', NOW + MINUTE), said('b', NOW + 60 * MINUTE)], scene);
    scene.say('file', 'wall-time', NOW + 5 * MINUTE);
    scene.board.hear('azure', [said('b', NOW + 60 * MINUTE)], scene);
    expect(scene.all.map(({ kind, withdrawn }) => [kind, withdrawn])).toEqual([
      ['wall-time', false],
      ['maintenance', false],
      ['maintenance', true]
    ]);
    expect(scene.lists).toHaveLength(3);
  });

  it('withdraws a notice that nobody repeats ten minutes after its end', () => {
    scene.say('endpoint', 'stop', NOW + 30_000);
    scene.pass(30_000 + 10 * MINUTE - 1);
    expect(scene.all).toMatchObject([{ withdrawn: false }]);
    scene.pass(1);
    expect(scene.all).toMatchObject([{ withdrawn: true }]);
  });

  it('keeps one that is repeated, however long the machine outlives its deadline', () => {
    scene.say('aws', 'reclaim', NOW + 120_000);
    for (let minute = 0; minute < 60; minute++) {
      scene.pass(MINUTE);
      expect(scene.say('aws', 'reclaim', NOW + 120_000)).toBeNull();
    }
    expect(scene.all).toMatchObject([{ withdrawn: false, deadlineMs: NOW + 120_000 }]);
    expect(scene.lists).toHaveLength(1);
  });

  it.each([
    ['past', NOW - 60 * MINUTE, 'its deadline passed 60 minutes ago'],
    ['years ahead', NOW + 800 * 24 * 60 * MINUTE, 'its deadline is 800 days ahead'],
    ['no number', Number.NaN, 'its deadline, NaN, is no time']
  ])('does not take a deadline that is %s, and says why', (_what, deadlineMs, reason) => {
    expect(scene.say('file', 'reclaim', deadlineMs)).toBe(reason);
    expect(scene.all).toEqual([]);
    expect(scene.lists).toEqual([]);
  });

  it('keeps what it knows when a channel begins to talk nonsense', () => {
    scene.say('aws', 'reclaim', NOW + 120_000);
    scene.say('aws', 'reclaim', 5);
    scene.say('aws', 'reclaim', NOW + 5000 * 24 * 60 * MINUTE);
    expect(scene.all).toMatchObject([{ deadlineMs: NOW + 120_000, withdrawn: false }]);
  });

  it('holds no more than 32 notices, the nearest', () => {
    const day = 24 * 60 * MINUTE;
    for (let i = 0; i < 100; i++) {
      scene.say('file', 'maintenance', NOW + 20 * day - i * 10 * MINUTE, { key: `${i}` });
    }
    const live = scene.all.filter(({ withdrawn }) => !withdrawn);
    expect(live).toHaveLength(32);
    expect(live[0]?.deadlineMs).toBe(NOW + 20 * day - 99 * 10 * MINUTE);
    expect(scene.all.length).toBeLessThanOrEqual(40);
    expect(scene.say('file', 'maintenance', NOW + 30 * day, { key: 'late' })).toBe(
      'there are already 32 notices with earlier ends'
    );
  });
});
