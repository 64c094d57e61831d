import { nullTranslator } from '@jupyterlab/translation';
import type { IPageVisibility } from '@labkeeper/labkit';
import { auditRecords, auditState, auditWanted, encode } from '@labkeeper/protocol';
import { MessageLoop } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { InstallLogView } from '../src/install-log-view.js';
import { InstallLogModel } from '../src/model.js';
import { listed, listOf, WELL } from './examples.js';
import { FakeCompanion } from './fake-companion.js';

class Visibility implements IPageVisibility {
  hidden = false;
  readonly changed = new Signal<this, boolean>(this);
  see(isSeen: boolean): void {
    this.hidden = !isSeen;
    this.changed.emit(this.hidden);
  }
}

describe('the panel', () => {
  let companion: FakeCompanion;
  let visibility: Visibility;
  let view: InstallLogView;
  beforeEach(() => {
    companion = new FakeCompanion();
    visibility = new Visibility();
    const trans = nullTranslator.load('labkeeper');
    const model = new InstallLogModel(companion);
    view = new InstallLogView({
      model,
      visibility,
      trans,
      translator: nullTranslator,
      onOutgoing: () => undefined
    });
    Widget.attach(view, document.body);
  });
  afterEach(() => view.dispose());

  /** Waits until the panel says something: React draws when it finds the time. */
  async function says(text: string): Promise<void> {
    const endMs = performance.now() + 4000;
    while (!view.node.textContent?.includes(text) && performance.now() < endMs) {
      MessageLoop.flush();
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    expect(view.node.textContent).toContain(text);
  }

  it('wants records while it is seen', () => {
    const told = (): boolean[] => companion.sent.map(frame => JSON.parse(frame).params.wanted);
    expect(companion.sent).toEqual([encode(auditWanted, { wanted: true })]);
    visibility.see(false);
    visibility.see(true);
    view.hide();
    view.show();
    expect(told()).toEqual([true, false, true, false, true]);
    view.dispose();
    expect(told().at(-1)).toBe(false);
  });

  it('says that it asks, then that nothing is there, then what is', async () => {
    await says('The companion is being asked.');
    companion.say(auditState, WELL);
    companion.say(auditRecords, listOf([], { hub: 'asking' }));
    await says('The hub is being asked.');
    companion.say(auditRecords, listOf([]));
    await says('Nothing is on record yet.');
    companion.say(auditRecords, listOf([listed({ package: { name: '<b>x</b>', version: '1' } })]));
    await says('Installed <b>x</b> 1');
    expect(view.node.querySelector('b')).toBeNull();
    await says('Recorded, receipt 8c1f04aa');
  });

  it('goes on showing the list when the hub or the companion is away, and says so', async () => {
    companion.say(auditState, { ...WELL, problem: { kind: 'hub', detail: 'ECONNREFUSED' }, waiting: 1 });
    const waits = listed({ place: 'server', receipt: null });
    companion.say(auditRecords, listOf([waits], { hub: 'failed', failure: 'It cannot be reached.' }));
    await says('1 record waits on this server');
    await says('could not be read just now');
    await says('On this server only, not yet at the hub');
    companion.become('away', 'The companion does not answer.');
    await says('The companion does not answer.');
    await says('Installed numpy 2.3.1');
  });

  it('shows no list where nothing is recorded', async () => {
    companion.say(auditState, { ...WELL, mode: 'off' });
    await says('Your hub keeps no install log, so nothing is recorded');
    expect(view.node.querySelector('ol')).toBeNull();
  });
});
