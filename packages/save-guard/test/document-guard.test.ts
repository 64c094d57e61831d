import { splitBulk } from '@labkeeper/protocol';
import { SaveFailure } from '../src/contents/save-failure.js';
import { DocumentScene } from './document-scene.js';

const settled = () => new Promise(resolve => setTimeout(resolve));

describe('DocumentGuard', () => {
  let scene: DocumentScene;
  beforeEach(() => {
    scene = new DocumentScene();
  });

  it('sends what was typed after three seconds, and is safe when that is durable', () => {
    scene.type(' typed');
    scene.nowMs = 2999;
    scene.guard.tend();
    expect(scene.frames).toEqual([]);
    scene.nowMs = 3000;
    scene.guard.tend();
    expect(scene.methods).toEqual(['save/open', 'save/journal']);
    expect(scene.bodies).toContain('"ins":" typed"');
    expect(scene.guard.isUnsafe).toBe(true);
    scene.guard.durable(JSON.parse(scene.frames[0] ?? '').params.run, 1);
    expect(scene.guard).toMatchObject({ isUnsafe: false, needsTending: true });
  });

  it('says how soon changes are safe on a slow home, while that answers', () => {
    expect(scene.guard.light.slowHomeMs).toBeNull();
    scene.journal.state = { trouble: null, boundMs: 9500, persistent: true };
    expect(scene.guard.light.slowHomeMs).toBe(16_500);
    scene.journal.state = { trouble: 'slow', boundMs: 9500, persistent: true };
    expect(scene.guard.light).toMatchObject({ slowHomeMs: null, reason: 'slow-home' });
  });

  it('puts what it is asked to flush while nobody listens into the browser, and sends it on return', async () => {
    scene.disconnect();
    scene.type(' offline');
    scene.guard.flush();
    await settled();
    expect(JSON.stringify(scene.stored)).toContain(' offline');
    expect(scene.frames).toEqual([]);
    scene.reconnect();
    scene.guard.tend();
    expect(scene.bodies).toContain(' offline');
  });

  it('sends again what was on its way when the connection was lost', () => {
    scene.type(' lost');
    scene.nowMs = 3000;
    scene.guard.tend();
    scene.disconnect();
    scene.frames.length = 0;
    scene.reconnect();
    scene.guard.tend();
    expect(scene.methods).toEqual(['save/open', 'save/journal']);
    expect(scene.bodies).toContain(' lost');
  });

  it('keeps an edit during a save unsaved, and begins the journal of the new file with it', async () => {
    scene.type(' one');
    scene.guard.flush();
    const end = await scene.beginSave();
    scene.type(' two');
    await end({ hash: 'd'.repeat(64) });
    expect(scene.context.model.dirty).toBe(true);
    const last = splitBulk(scene.frames.at(-1) ?? '')?.body ?? '';
    expect(last).toContain('d'.repeat(64));
    expect(last).toContain('"ins":" two"');
    expect(last).not.toContain(' one');
  });

  it('ends a batch where a save is taken, also when no run was open', async () => {
    scene.type(' saved');
    await scene.beginSave();
    scene.type(' later');
    scene.guard.flush();
    // The save reached the file, and the server was killed before it could say so: recovery knows the file by that batch.
    expect(scene.batches).toEqual([expect.stringContaining(' saved'), expect.stringContaining(' later')]);
    expect(scene.batches[0]).not.toContain(' later');
  });

  it('ends a batch where the save under way was taken when the journal begins anew meanwhile', async () => {
    scene.type(' saved');
    scene.guard.flush();
    await scene.beginSave();
    scene.type(' later');
    scene.disconnect();
    scene.frames.length = 0;
    scene.reconnect();
    scene.guard.tend();
    expect(scene.methods).toEqual(['save/open', 'save/journal', 'save/journal']);
    const [saved = '', later = ''] = scene.batches;
    expect(saved).toMatch(/"t":"base".*\n.*" saved"/);
    expect(later).toContain('" later"');
    expect(later).not.toContain('base');
    // What is durable with the first of them is nothing new.
    const { run } = JSON.parse(scene.frames[0] ?? '').params;
    scene.guard.durable(run, 1);
    expect(scene.guard.isUnsafe).toBe(true);
    scene.guard.durable(run, 2);
    expect(scene.guard.isUnsafe).toBe(false);
  });

  it('begins anew with one batch after a save that failed', async () => {
    scene.type(' one');
    const end = await scene.beginSave();
    scene.type(' two');
    await end({ failure: new SaveFailure('server-error', 'no') });
    scene.disconnect();
    scene.frames.length = 0;
    scene.reconnect();
    scene.guard.flush();
    expect(scene.batches).toEqual([expect.stringContaining(' one two')]);
  });

  it('gives up the journal of a document that is closed', () => {
    scene.type(' given up');
    scene.guard.flush();
    scene.context.disposed.emit();
    expect(scene.methods.at(-1)).toBe('save/closed');
  });

  it('gives up what the journal held when the file is read anew', () => {
    scene.type(' reverted');
    scene.guard.flush();
    scene.context.model.stateChanged.emit({ name: 'dirty', oldValue: true, newValue: false });
    expect(scene.methods.at(-1)).toBe('save/closed');
    expect(scene.guard).toMatchObject({ isUnsafe: false, needsTending: false });
  });

  it('takes over what another page left: that is closed when its own journal has everything', () => {
    scene.type(' put in');
    scene.guard.inherit('left');
    expect(scene.methods).toEqual(['save/open', 'save/journal']);
    scene.guard.durable(scene.guard.run ?? '', 1);
    expect(JSON.parse(scene.frames.at(-1) ?? '')).toEqual({ method: 'save/closed', params: { run: 'left' } });
  });

  it('closes at once what another page left that is in the file already', () => {
    scene.guard.inherit('left');
    expect(scene.frames.map(frame => JSON.parse(frame))).toEqual([
      { method: 'save/closed', params: { run: 'left' } }
    ]);
  });

  it('closes a run on return that was saved while nobody listened', async () => {
    scene.type(' saved');
    scene.guard.flush();
    const { run } = scene.guard;
    scene.disconnect();
    expect(scene.guard.run).toBe(run);
    const end = await scene.beginSave();
    await end({ hash: 'd'.repeat(64) });
    scene.frames.length = 0;
    scene.reconnect();
    expect(scene.frames.map(frame => JSON.parse(frame))).toEqual([
      { method: 'save/closed', params: { run } }
    ]);
    expect(scene.guard.run).toBeNull();
  });

  it('knows which cells this page ran last, and names those that still run on return', () => {
    const cell = { kernelId: 'k', msgId: 'm', cellId: 'a' };
    scene.guard.executing(cell);
    expect(scene.guard.ran('a')).toBe(true);
    scene.guard.executing({ ...cell, msgId: 'n', adopted: true });
    expect(scene.guard.ran('a')).toBe(false);
    scene.disconnect();
    scene.frames.length = 0;
    scene.reconnect();
    expect(scene.methods).toEqual(['save/open', 'save/journal']);
  });

  it('saves no file that is left to others, and says who keeps it', async () => {
    scene.leftTo = 'switched-off';
    scene.type(' mine');
    scene.nowMs = 3000;
    scene.guard.tend();
    scene.guard.durable(JSON.parse(scene.frames[0] ?? '').params.run, 1);
    scene.nowMs = 100_000;
    scene.guard.tend();
    expect(scene.wholeSaves).toBe(0);
    expect(scene.guard.light).toMatchObject({ level: 'journal', reason: 'switched-off' });
    await scene.guard.save(true);
    expect(scene.wholeSaves).toBe(1);
    scene.leftTo = 'other-page-writes';
    await scene.guard.save(true);
    expect(scene.wholeSaves).toBe(1);
  });

  it('asks the room of a shared document, never saves it, and says when the room does not write', async () => {
    scene = new DocumentScene('text', true);
    scene.leftTo = 'room-saves';
    scene.type(' shared');
    // What JupyterLab, or the room, says of the document is no save of this page's changes.
    scene.context.model.stateChanged.emit({ name: 'dirty', oldValue: true, newValue: false });
    expect(scene.guard.needsTending).toBe(true);
    scene.room = () => Promise.reject(new Error('no room'));
    await scene.guard.save();
    expect(scene.guard.light).toMatchObject({ reason: 'room-not-written' });
    expect(scene.guard.failureDetail).toContain('no room');
    scene.room = () => Promise.resolve();
    await scene.guard.save();
    expect(scene.wholeSaves).toBe(0);
    expect(scene.guard).toMatchObject({ needsTending: false });
    expect(scene.guard.light).toMatchObject({ level: 'safe', place: 'file', reason: 'room-saves' });
  });

  it('keeps the journal of a shared document that is closed before its room has written it', () => {
    scene = new DocumentScene('text', true);
    scene.type(' shared');
    scene.guard.flush();
    scene.context.disposed.emit();
    expect(scene.methods).not.toContain('save/closed');
  });
});
