import { CompareModel } from '../src/compare/compare-model.js';
import type { IOpenDocument } from '../src/compare/compared-document.js';
import type { Choices, Comparison } from '../src/compare/comparison.js';
import type { Version } from '../src/compare/version.js';

const text = (its: string): Version => ({ kind: 'text', text: its });

/** A document that is open. */
class FakeDocument implements IOpenDocument {
  constructor(public now: Version) {}
  saves = true;
  readonly applied: { comparison: Comparison; choices: Choices }[] = [];

  read(): Version {
    return this.now;
  }
  apply(comparison: Comparison, choices: Choices): void {
    this.applied.push({ comparison, choices: new Map(choices) });
  }
  save(): Promise<boolean> {
    return Promise.resolve(this.saves);
  }
}

const modelOf = (document: FakeDocument, other: Version) =>
  new CompareModel({
    document: { read: () => Promise.resolve(document.now), open: () => Promise.resolve(document) },
    other: () => Promise.resolve(other)
  });

describe('a comparison', () => {
  it('saves nothing before all is decided', async () => {
    const document = new FakeDocument(text('a\nb\nc\n'));
    const model = modelOf(document, text('x\nb\ny\n'));
    await model.load();
    const [first] = model.differences;
    model.choose(first ?? 0, 'right');
    expect(model.undecided).toBe(1);
    await model.save();
    expect(document.applied).toEqual([]);
    model.takeAll('left');
    await model.save();
    expect(model.phase.kind).toBe('saved');
    expect([...(document.applied[0]?.choices.values() ?? [])]).toEqual(['left', 'left']);
  });

  it('asks about what is new, and nothing was done to the document then', async () => {
    const document = new FakeDocument(text('a\nb\nc\n'));
    const model = modelOf(document, text('x\nb\nc\n'));
    await model.load();
    model.takeAll('right');
    document.now = text('a\nb\nchanged\n');
    await model.save();
    expect(model.phase).toMatchObject({ kind: 'choosing', trouble: 'changed-meanwhile' });
    expect(model.undecided).toBe(1);
    expect(document.applied).toEqual([]);
    model.choose(model.differences[1] ?? 0, 'left');
    await model.save();
    expect(model.phase.kind).toBe('saved');
  });

  it('is not applied a second time when only the file could not be written', async () => {
    const document = new FakeDocument(text('a\n'));
    document.saves = false;
    const model = modelOf(document, text('b\n'));
    await model.load();
    model.takeAll('right');
    await model.save();
    expect(model.phase.kind).toBe('unsaved');
    document.saves = true;
    await model.saveAgain();
    expect(model.phase.kind).toBe('saved');
    expect(document.applied).toHaveLength(1);
  });

  it('says why it cannot be made', async () => {
    const model = new CompareModel({
      document: { read: () => Promise.resolve(text('')), open: () => Promise.resolve(null) },
      other: () => Promise.resolve('too-large' as const)
    });
    await model.load();
    expect(model.phase).toEqual({ kind: 'refused', why: 'too-large' });
    const kinds = modelOf(new FakeDocument(text('')), { kind: 'notebook', cells: [], metadata: {} });
    await kinds.load();
    expect(kinds.phase).toEqual({ kind: 'refused', why: 'another-kind' });
  });

  it('changes nothing where the document cannot be opened', async () => {
    const model = new CompareModel({
      document: { read: () => Promise.resolve(text('a')), open: () => Promise.resolve(null) },
      other: () => Promise.resolve(text('b'))
    });
    await model.load();
    model.takeAll('left');
    await model.save();
    expect(model.phase).toMatchObject({ kind: 'choosing', trouble: 'cannot-be-opened' });
  });
});
