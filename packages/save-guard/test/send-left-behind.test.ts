import type { CompanionState, ICompanion } from '@labkeeper/labkit';
import { batchDurable, encode, type Receiver } from '@labkeeper/protocol';
import { DisposableDelegate } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { BrowserStore } from '../src/browser-store/browser-store.js';
import { sendLeftBehind } from '../src/browser-store/send-left-behind.js';

const RUNS = ['0b9e2f0e-8f6f-4c8e-9a51-2a6f0a0f3c11', '5c8a0a1e-6f2b-4d8e-9d1c-0e6a3f2b7c44'];

/** A browser's store with two runs, and a companion that takes them. */
class Scene {
  constructor() {
    const state = (): CompanionState => this.state;
    this.companion = {
      get state() {
        return state();
      },
      stateChanged: this.stateChanged,
      send: () => true,
      listen: (receiver: Receiver) => {
        this.listeners.add(receiver);
        return new DisposableDelegate(() => this.listeners.delete(receiver));
      }
    } as unknown as ICompanion;
    this.store = {
      leftBehind: () =>
        Promise.resolve(
          RUNS.filter(run => !this.removed.includes(run)).map(run => ({
            ...{ run, path: 'a.py', kind: 'text', records: [] }
          }))
        ),
      remove: (run: string) => Promise.resolve(void this.removed.push(run))
    } as unknown as BrowserStore;
  }

  durable(run: string): void {
    const frame = encode(batchDurable, { run, seq: 1, atMs: 0 });
    this.listeners.forEach(listener => listener.receive(frame));
  }

  become(state: CompanionState): void {
    this.state = state;
    this.stateChanged.emit(state);
  }

  state: CompanionState = 'connected';
  readonly stateChanged = new Signal<object, CompanionState>({});
  readonly listeners = new Set<Receiver>();
  readonly removed: string[] = [];
  readonly companion: ICompanion;
  readonly store: BrowserStore;
}

describe('What pages that are gone left in the browser', () => {
  it('leaves it when it is durable, and nobody listens any more', async () => {
    const scene = new Scene();
    await sendLeftBehind(scene.companion, scene.store);
    RUNS.forEach(run => scene.durable(run));
    expect(scene.removed).toEqual(RUNS);
    expect(scene.listeners.size).toBe(0);
  });

  it('is sent anew after a connection that went, and only then listened for again', async () => {
    const scene = new Scene();
    await sendLeftBehind(scene.companion, scene.store);
    scene.durable(RUNS[0] ?? '');
    expect(scene.listeners.size).toBe(1);
    scene.become('away');
    expect(scene.listeners.size).toBe(0);
    scene.become('connected');
    await sendLeftBehind(scene.companion, scene.store);
    scene.durable(RUNS[1] ?? '');
    expect(scene.removed).toEqual(RUNS);
    expect(scene.listeners.size).toBe(0);
  });
});
