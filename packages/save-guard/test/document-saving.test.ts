import { SaveFailure } from '../src/contents/save-failure.js';
import { DocumentScene } from './document-scene.js';

const NEW_HASH = 'd'.repeat(64);
const MB = 1024 * 1024;
const no = new SaveFailure('server-error', 'a trace of the server');

describe('a save by JupyterLab', () => {
  let scene: DocumentScene;
  beforeEach(() => {
    scene = new DocumentScene();
    scene.type(' typed');
  });

  it('that did not reach the file is not taken for one that did: who closes the document keeps it', async () => {
    scene.outcomes.push({ hash: null, failure: no, kept: null });
    await expect(scene.guard.context.save()).rejects.toThrow('In words: server-error');
    expect(scene.guard.light.reason).toBe('server-error');
    expect(scene).toMatchObject({ quiet: [true], context: { model: { dirty: true } } });
  });

  it('that waits for the network is not taken for one that was done', async () => {
    scene = new DocumentScene('notebook');
    scene.fileBytes = 20 * MB;
    scene.type(' typed');
    scene.waitingBytes = 2 * MB;
    await expect(scene.guard.context.save()).rejects.toThrow('In words: no-answer');
    expect(scene.guard.needsTending).toBe(true);
  });

  it('is the user’s wish when it follows the question before closing, for as long as that stands and a moment', async () => {
    let answer = (): void => undefined;
    scene.guard.closing(new Promise(resolve => (answer = resolve)));
    await scene.guard.context.save();
    answer();
    await new Promise(resolve => setTimeout(resolve));
    await scene.guard.context.save();
    scene.later.forEach(run => run());
    await scene.guard.context.save();
    expect(scene.quiet).toEqual([false, false, true]);
  });

  it('that the user calls off leaves the document unsaved, and the next one is as any', async () => {
    const cancelled = Object.assign(new Error('Cancel'), { name: 'ModalCancelError' });
    scene.writing = Promise.reject(cancelled);
    await expect(scene.guard.context.save()).rejects.toBe(cancelled);
    expect(scene.guard.needsTending).toBe(true);
    expect(scene.guard.light.level).not.toBe('saving');
    scene.writing = Promise.resolve();
    scene.outcomes.push({ hash: NEW_HASH, failure: null, kept: null });
    await scene.guard.context.save();
    expect(scene.guard.needsTending).toBe(false);
    expect(scene.context.model.dirty).toBe(false);
  });

  it('under another name is none of this file', () => {
    scene.context.saveState.emit('started');
    scene.context.saveState.emit('completed');
    expect(scene.guard.needsTending).toBe(true);
    expect(scene.guard.light.level).not.toBe('saving');
  });

  it('during which the document got another name is done again', async () => {
    scene.isMoved = true;
    scene.outcomes.push({ hash: NEW_HASH, failure: null, kept: null });
    await expect(scene.guard.context.save()).rejects.toThrow();
    expect(scene.guard.needsTending).toBe(true);
    expect(scene.context.model.dirty).toBe(true);
  });

  it('reads a text anew without taking that for an edit', async () => {
    scene.guard.flush();
    await scene.guard.context.revert();
    expect(scene.guard.needsTending).toBe(false);
    expect(scene.context.model.dirty).toBe(false);
    expect(scene.methods.at(-1)).toBe('save/closed');
  });
});
