import { nullTranslator } from '@jupyterlab/translation';
import type { IPageVisibility } from '@labkeeper/labkit';
import {
  encode,
  OutgoingClass,
  outgoingKnown,
  outgoingWanted,
  type OutgoingKnown,
  type OutgoingRow
} from '@labkeeper/protocol';
import { MessageLoop } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { OutgoingModel } from '../src/outgoing/outgoing-model.js';
import { OutgoingView } from '../src/outgoing/outgoing-view.js';
import { outgoingWords } from '../src/outgoing/outgoing-words.js';
import { NOW_MS } from './examples.js';
import { FakeCompanion } from './fake-companion.js';

class Seen implements IPageVisibility {
  readonly hidden = false;
  readonly changed = new Signal<this, boolean>(this);
}

const trans = nullTranslator.load('labkeeper');

test.each(OutgoingClass.options)('says why %s is sent, and what is never in it', what => {
  const { title, why, never } = outgoingWords(trans)[what];
  expect([title, why, never].every(text => text.length > 3)).toBe(true);
  expect([why, never].every(text => text.endsWith('.'))).toBe(true);
});

describe('the page', () => {
  let companion: FakeCompanion;
  let view: OutgoingView;
  beforeEach(() => {
    companion = new FakeCompanion();
    const visibility = new Seen();
    const model = new OutgoingModel(companion);
    view = new OutgoingView({ model, visibility, trans, translator: nullTranslator });
    Widget.attach(view, document.body);
  });
  afterEach(() => view.dispose());

  async function says(text: string): Promise<void> {
    const endMs = performance.now() + 4000;
    while (!view.node.textContent?.includes(text) && performance.now() < endMs) {
      MessageLoop.flush();
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    expect(view.node.textContent).toContain(text);
  }
  const row = (what: string, more: Partial<OutgoingRow> = {}): OutgoingRow => ({
    ...{ what, method: 'POST', path: 'api/v1/x', count: 0, bytes: 0, last: null },
    ...more
  });
  const known = (classes: OutgoingRow[], host: string | null = 'hub.example.org'): OutgoingKnown => ({
    ...{ host, sinceMs: NOW_MS, classes }
  });

  it('asks while it is seen, and again after a new connection', () => {
    const wanted = encode(outgoingWanted, { wanted: true });
    expect(companion.sent).toEqual([wanted]);
    companion.become('away');
    companion.become('connected');
    expect(companion.sent).toEqual([wanted, wanted]);
    view.dispose();
    expect(companion.sent.at(-1)).toBe(encode(outgoingWanted, { wanted: false }));
  });

  it('says that nothing is sent where no service is named', async () => {
    await says('The companion is being asked.');
    companion.say(outgoingKnown, known([row('records')], null));
    await says('Nothing is sent: no hub service is named.');
    expect(view.node.querySelector('li')).toBeNull();
  });

  it('shows each class with its example as text, and one that it does not know', async () => {
    const last = { atMs: NOW_MS, bytes: 2048, head: 'POST /x', body: '<b>{"a":1}</b>', isCut: true };
    companion.say(
      outgoingKnown,
      known([row('records', { count: 2, bytes: 4096, last }), row('ticket'), row('telepathy')])
    );
    await says('<b>{"a":1}</b>');
    await says('2 messages');
    await says('hub.example.org');
    await says('None was sent yet.');
    await says('Something newer than this page (telepathy)');
    await says('The rest is more of the same kind, and not shown.');
    expect(view.node.querySelector('b')).toBeNull();
    companion.become('away', 'The companion does not answer.');
    await says('The companion does not answer.');
  });
});
