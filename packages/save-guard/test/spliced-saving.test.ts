import type { SpliceOutcome } from '@labkeeper/protocol';
import { splitBulk } from '@labkeeper/protocol';
import { SaveFailure } from '../src/contents/save-failure.js';
import { DocumentScene } from './document-scene.js';

const MB = 1024 * 1024;
const NEW_HASH = 'd'.repeat(64);
const SAVED: SpliceOutcome = {
  kind: 'saved',
  hash: NEW_HASH,
  sizeBytes: 20 * MB,
  lastModifiedMs: 0,
  durable: true
};
const refused = (why: Extract<SpliceOutcome, { kind: 'refused' }>['why']): SpliceOutcome => ({
  ...{ kind: 'refused', why },
  detail: 'why'
});

describe('saving a large notebook', () => {
  let scene: DocumentScene;
  beforeEach(() => {
    scene = new DocumentScene('notebook');
    scene.fileBytes = 20 * MB;
  });

  it('has the companion put what changed into the file, whoever saves', async () => {
    scene.type(' typed');
    scene.spliceOutcomes.push(SAVED);
    await scene.guard.context.save();
    const { run } = JSON.parse(scene.frames[0] ?? '').params;
    expect(scene.spliced).toEqual([{ run, seq: 1 }]);
    expect(scene.wholeSaves).toBe(0);
    expect(scene.context.model.dirty).toBe(false);
    expect(scene.guard).toMatchObject({ isUnsafe: false, needsTending: false });
    expect(scene.methods.at(-1)).toBe('save/saved');
  });

  it('goes on from the new file with what was typed meanwhile', async () => {
    scene.type(' one');
    scene.spliceOutcomes.push(SAVED);
    const saving = scene.guard.context.save();
    await Promise.resolve();
    scene.type(' two');
    await saving;
    expect(scene.context.model.dirty).toBe(true);
    expect(scene.guard.needsTending).toBe(true);
    const last = splitBulk(scene.frames.at(-1) ?? '')?.body ?? '';
    expect(last).toContain(NEW_HASH);
    expect(last).toContain('"ins":" two"');
    expect(last).not.toContain(' one');
  });

  it.each(['changed', 'unknown-run'] as const)('sends it whole when the companion says %s', async why => {
    scene.type(' typed');
    scene.spliceOutcomes.push(refused(why), SAVED);
    await scene.guard.context.save();
    expect(scene.wholeSaves).toBe(1);
    await scene.guard.context.save();
    expect(scene).toMatchObject({ wholeSaves: 1, context: { model: { dirty: false } } });
  });

  it.each(['doubt', 'not-plain', 'not-here', 'unreadable'] as const)(
    'does not ask again before it was sent whole when the companion says %s',
    async why => {
      scene.type(' typed');
      scene.spliceOutcomes.push(refused(why));
      scene.outcomes.push({ hash: null, failure: new SaveFailure('server-error', 'no'), kept: null });
      await scene.guard.save();
      scene.outcomes.push({ hash: NEW_HASH, failure: null, kept: null });
      await scene.guard.save();
      expect(scene).toMatchObject({ wholeSaves: 2, spliced: { length: 1 } });
      scene.type(' more');
      scene.spliceOutcomes.push(SAVED);
      await scene.guard.save();
      expect(scene).toMatchObject({ wholeSaves: 2, spliced: { length: 2 } });
    }
  );

  it('tells a full disk by the light, and by the dialog that a user expects', async () => {
    scene.type(' typed');
    scene.spliceOutcomes.push(refused('disk-full'), refused('disk-full'));
    await scene.guard.save();
    expect(scene).toMatchObject({ wholeSaves: 0, context: { model: { dirty: true } } });
    expect(scene.guard.light.reason).toBe('disk-full');
    scene.isAsked = true;
    await scene.guard.context.save();
    expect(scene.wholeSaves).toBe(1);
  });

  it('writes nothing when nothing changed, unless the user asks', async () => {
    scene.context.model.dirty = true;
    await scene.guard.context.save();
    expect(scene).toMatchObject({ wholeSaves: 0, spliced: [], context: { model: { dirty: false } } });
    scene.isAsked = true;
    await scene.guard.context.save();
    expect(scene.wholeSaves).toBe(0);
    scene.context.model.dirty = true;
    await scene.guard.context.save();
    expect(scene.wholeSaves).toBe(1);
  });

  it('knows of a command that Lab announces right after it has called for the save', async () => {
    scene.context.model.dirty = true;
    const saving = scene.guard.context.save();
    scene.isAsked = true;
    await saving;
    expect(scene.wholeSaves).toBe(1);
  });

  it('does not put a large body behind a journal that waits for the network', async () => {
    scene.type(' typed');
    scene.waitingBytes = 2 * MB;
    await scene.guard.save();
    expect(scene).toMatchObject({ wholeSaves: 0, spliced: [] });
    expect(scene.guard.needsTending).toBe(true);
  });

  it('sends small ones whole', async () => {
    scene.fileBytes = 1000;
    scene.type(' typed');
    await scene.guard.context.save();
    expect(scene).toMatchObject({ wholeSaves: 1, spliced: [] });
  });

  it('keeps the journal of a document whose last save failed when it is closed', async () => {
    scene.type(' typed');
    scene.spliceOutcomes.push(refused('disk-full'));
    await scene.guard.save();
    scene.context.disposed.emit();
    expect(scene.methods).not.toContain('save/closed');
  });
});
