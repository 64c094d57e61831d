import type { ICompanion } from '@labkeeper/labkit';
import { splitBulk } from '@labkeeper/protocol';
import { JournalRun } from '../src/journal/journal-run.js';

/** What a page sends, and whether it gets through. */
class Wire {
  readonly frames: string[] = [];
  isOpen = true;
  readonly companion = {
    send: (frame: string) => {
      if (this.isOpen) {
        this.frames.push(frame);
      }
      return this.isOpen;
    }
  } as ICompanion;
}

const RUN = '0b9e2f0e-8f6f-4c8e-9a51-2a6f0a0f3c11';
const start = (wire: Wire) =>
  new JournalRun({
    companion: wire.companion,
    run: RUN,
    path: 'a.ipynb',
    kind: 'notebook',
    replaces: null,
    savedAtMs: null
  });

describe('JournalRun', () => {
  it('sends a batch as lines behind its head', () => {
    const wire = new Wire();
    const run = start(wire);
    run.append(
      [
        { t: 'base', hash: null, cells: 0 },
        { t: 'exec', c: 0, v: 1 }
      ],
      5
    );
    const { head, body } = splitBulk(wire.frames[1] ?? '') ?? { head: '{}', body: '' };
    expect(JSON.parse(head)).toEqual({ method: 'save/journal', params: { run: RUN, seq: 1, more: false } });
    expect(body.split('\n').map(line => JSON.parse(line))).toEqual([
      { t: 'base', hash: null, cells: 0 },
      { t: 'exec', c: 0, v: 1 }
    ]);
    expect(run).toMatchObject({ isWhole: true, isWaiting: true });
  });

  it('cuts a long batch into frames, never through a character', () => {
    const wire = new Wire();
    // Each of these is two units; an odd beginning puts every cut between the two.
    const text = `x${'😀'.repeat(300_000)}`;
    start(wire).append([{ t: 'src', c: 0, v: text }], 1);
    const pieces = wire.frames.slice(1).map(frame => splitBulk(frame) ?? { head: '{}', body: '' });
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.map(({ head }) => JSON.parse(head).params.more)).toEqual([
      ...pieces.slice(1).map(() => true),
      false
    ]);
    for (const { body } of pieces) {
      expect(new TextDecoder().decode(new TextEncoder().encode(body))).toBe(body);
    }
    expect(JSON.parse(pieces.map(({ body }) => body).join('')).v).toBe(text);
  });

  it('knows which changes are durable', () => {
    const run = start(new Wire());
    run.append([], 3);
    run.append([], 7);
    run.append([], 9);
    expect(run.durable(2)).toBe(7);
    expect(run.durable(2)).toBeNull();
    expect(run.isWaiting).toBe(true);
    expect(run.durable(3)).toBe(9);
    expect(run.isWaiting).toBe(false);
  });

  it('is not whole once a frame could not be sent', () => {
    const wire = new Wire();
    const run = start(wire);
    wire.isOpen = false;
    run.append([], 1);
    wire.isOpen = true;
    run.append([], 2);
    expect(run.isWhole).toBe(false);
  });
});
