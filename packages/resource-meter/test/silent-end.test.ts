import { Signal } from '@lumino/signaling';
import { type IWatchedSession, SilentEnd } from '../src/deaths/silent-end.js';
import { HOLD_MS } from '../src/deaths/stock-dialogs.js';

/** The session of an open document, whose status the test says. */
class Session implements IWatchedSession {
  readonly name = 'analysis.ipynb';
  isTerminating = false;
  readonly session = { kernel: { id: 'kernel-1' } };
  readonly statusChanged = new Signal<unknown, string>(this);
}

let told: boolean;
let nowMs: number;
let ended: string[];
let session: Session;
let silent: SilentEnd;

beforeEach(() => {
  jest.useFakeTimers();
  [told, nowMs, ended, session] = [false, 0, [], new Session()];
  const added = new Signal<unknown, { readonly sessionContext: IWatchedSession }>({});
  silent = new SilentEnd({
    documents: { all: [], added },
    isTold: () => told,
    onEnd: (kernelId, { name }) => ended.push(`${kernelId} ${name}`),
    now: () => nowMs
  });
  // Opened later: it is watched all the same.
  added.emit({ sessionContext: session });
});

afterEach(() => {
  silent.dispose();
  jest.useRealTimers();
});

const say = (status: string): void => session.statusChanged.emit(status);

test('a kernel given up after deaths is told when nobody else does, after the time that a verdict gets', () => {
  say('autorestarting');
  say('autorestarting');
  say('dead');
  jest.advanceTimersByTime(HOLD_MS - 1);
  expect(ended).toEqual([]);
  jest.advanceTimersByTime(1);
  expect(ended).toEqual(['kernel-1 analysis.ipynb']);
  say('dead');
  jest.advanceTimersByTime(HOLD_MS);
  expect(ended).toHaveLength(1);
});

test('a verdict within that time says it better', () => {
  say('autorestarting');
  say('dead');
  jest.advanceTimersByTime(HOLD_MS - 1);
  told = true;
  jest.advanceTimersByTime(HOLD_MS);
  expect(ended).toEqual([]);
});

test.each<[string, () => void]>([
  ['that nothing died before', () => say('dead')],
  [
    'that the user shuts down',
    () => {
      say('autorestarting');
      session.isTerminating = true;
      say('dead');
    }
  ],
  [
    'more than a minute after a death',
    () => {
      say('autorestarting');
      nowMs = 60_001;
      say('dead');
    }
  ],
  [
    'that comes when the extension is gone',
    () => {
      say('autorestarting');
      say('dead');
      silent.dispose();
    }
  ]
])('an end %s is not told', (_, happen) => {
  happen();
  jest.advanceTimersByTime(10 * HOLD_MS);
  expect(ended).toEqual([]);
});
