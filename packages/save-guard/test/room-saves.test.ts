import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { Contents } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { askRoom } from '../src/room-saves.js';

class Room {
  readonly stateChanged = new Signal<object, object>({});
  dirty = true;
  asked: object[] = [];
  /** What happens when the room is asked. */
  answer: () => Promise<unknown> = () => Promise.resolve({});

  get context(): DocumentRegistry.Context {
    return {
      path: 'RTC:a.ipynb',
      contentsModel: { type: 'notebook' },
      model: this
    } as unknown as DocumentRegistry.Context;
  }

  get contents(): Contents.IManager {
    return {
      save: (path: string, options: object) => {
        this.asked.push({ path, ...options });
        return this.answer();
      }
    } as unknown as Contents.IManager;
  }

  clean(): void {
    this.dirty = false;
    this.stateChanged.emit({ name: 'dirty', oldValue: true, newValue: false });
  }

  ask(): Promise<void> {
    return askRoom(this.context, this.contents, 'rtc');
  }
}

describe('askRoom', () => {
  let room: Room;
  beforeEach(() => {
    room = new Room();
    jest.useFakeTimers();
  });
  afterEach(() => jest.useRealTimers());

  it('asks the room’s provider, and sends no content', async () => {
    room.answer = () => {
      room.clean();
      return Promise.resolve({});
    };
    await room.ask();
    expect(room.asked).toEqual([
      { path: 'RTC:a.ipynb', type: 'notebook', format: 'json', contentProviderId: 'rtc' }
    ]);
  });

  it('believes it when the document was clean already', async () => {
    room.dirty = false;
    await room.ask();
  });

  it('does not believe an answer without a room: the document stays dirty', async () => {
    const asking = expect(room.ask()).rejects.toThrow('the room has not written the document');
    await jest.advanceTimersByTimeAsync(3000);
    await asking;
  });

  it('gives up a room that does not answer', async () => {
    room.answer = () => new Promise(() => undefined);
    const asking = expect(room.ask()).rejects.toThrow('the room has not written the document');
    await jest.advanceTimersByTimeAsync(15_000);
    await asking;
  });

  it('tells a refusal', async () => {
    room.answer = () => Promise.reject(new Error('Saving failed'));
    await expect(room.ask()).rejects.toThrow('Saving failed');
  });
});
