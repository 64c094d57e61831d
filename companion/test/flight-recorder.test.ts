import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FlightRecorder } from '../src/recorder/flight-recorder.js';
import { decodeFrames } from '../src/recorder/frame.js';
import { ownFolder } from '../src/recorder/own-folder.js';
import { Segments } from '../src/recorder/segments.js';
import { FakeClock } from './fake-clock.js';
import { scratch } from './wire.js';

describe('the flight recorder on a disk that fails', () => {
  let home: ReturnType<typeof scratch>;
  let clock: FakeClock;
  let logged: string[];
  let recorder: FlightRecorder;
  beforeEach(() => {
    home = scratch();
    clock = new FakeClock();
    logged = [];
    recorder = new FlightRecorder({
      home: home.path,
      serverName: '',
      serverId: 'server',
      boot: 'boot',
      clock,
      log: line => logged.push(line)
    });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await recorder.close();
    home.remove();
  });

  const beat = async (bytes: number, sync = false): Promise<void> => {
    recorder.note({ kind: 'heartbeat', atMs: clock.wallMs(), unreclaimableBytes: bytes }, sync);
    await recorder.settled();
  };
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await recorder.settled();
  };
  const written = (): number[] => {
    const folder = ownFolder(home.path, 'flight', '');
    return readdirSync(folder).flatMap(name =>
      decodeFrames(readFileSync(join(folder, name))).texts.flatMap(text => {
        const found = /"unreclaimableBytes":(\d+)/.exec(text);
        return found ? [Number(found[1])] : [];
      })
    );
  };
  /** A file where a folder should be: as good as a home that cannot be written. */
  const block = (): void => {
    mkdirSync(join(home.path, '.local'), { recursive: true });
    writeFileSync(join(home.path, '.local', 'share'), '');
  };
  const unblock = (): void => rmSync(join(home.path, '.local', 'share'));

  it('tries again after 5 s, and writes what came meanwhile', async () => {
    block();
    await beat(1);
    await beat(2);
    unblock();
    await pass(4999);
    expect(recorder.writes).toBe(false);
    await pass(1);
    expect(written()).toEqual([1, 2]);
    expect(recorder.writes).toBe(true);
    expect(logged).toEqual([expect.stringContaining('cannot write'), 'The flight recorder can write again.']);
  });

  it('waits longer each time, says so once, and begins anew after it could write', async () => {
    const open = jest.spyOn(Segments.prototype, 'append');
    block();
    await beat(1);
    for (const waitMs of [5000, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 600_000, 600_000]) {
      await pass(waitMs - 1);
      expect(recorder.writes).toBe(false);
      await pass(1);
    }
    expect(logged).toHaveLength(1);
    unblock();
    await pass(600_000);
    expect(written()).toEqual([1]);
    expect(logged).toHaveLength(2);
    open.mockRejectedValueOnce(new Error('full'));
    await beat(2);
    await pass(5000);
    expect(written()).toEqual([2]);
    expect(logged).toHaveLength(4);
  });

  it('does not take bytes that cannot be forced to the disk for an end of the failure', async () => {
    const sync = jest.spyOn(Segments.prototype, 'sync').mockRejectedValue(new Error('EIO'));
    await beat(1, true);
    await pass(5000);
    await beat(2, true);
    await pass(10_000);
    expect(logged).toHaveLength(1);
    sync.mockRestore();
    await beat(3);
    await pass(20_000);
    expect(logged).toHaveLength(2);
    expect(written()).toContain(3);
  });

  it('tries once more at its end', async () => {
    block();
    await beat(1);
    unblock();
    await recorder.close();
    expect(written()).toEqual([1]);
  });

  it('leaves out a record that is too long, and goes on', async () => {
    recorder.note({ kind: 'death', atMs: 0, kernelId: 'x'.repeat(20_000) }, true);
    await beat(1);
    expect(written()).toEqual([1]);
    expect(logged).toEqual([]);
  });
});
