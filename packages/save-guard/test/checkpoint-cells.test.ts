import { CHECKPOINT_TAG, checkpointsOf, type ITaggedCell } from '../src/reclaim/checkpoint-cells.js';

const cell = (source: string, more: Partial<ITaggedCell> = {}): ITaggedCell => ({
  type: 'code',
  source,
  tags: [CHECKPOINT_TAG],
  ...more
});

describe('Checkpoint cells', () => {
  it('are the code cells with the tag, in their order', () => {
    expect(
      checkpointsOf([
        cell('a = 1', { tags: undefined }),
        cell('save()'),
        cell('text', { type: 'markdown' }),
        cell('other', { tags: ['parameters'] }),
        cell('strange', { tags: CHECKPOINT_TAG }),
        cell(' \n'),
        cell('push()', { tags: ['x', CHECKPOINT_TAG] })
      ])
    ).toEqual({ codes: ['save()', 'push()'], leftOut: 0 });
  });

  it('are no more and no longer than a message takes, and the others are counted', () => {
    const { codes, leftOut } = checkpointsOf(Array.from({ length: 40 }, (_, index) => cell(`${index}`)));
    expect([codes.length, leftOut]).toEqual([16, 24]);
    expect(checkpointsOf([cell('x'.repeat(64 * 1024 + 1)), cell('y')])).toEqual({ codes: ['y'], leftOut: 1 });
  });

  it('are the only ones whose source is read', () => {
    let reads = 0;
    const counted = (tags: unknown): ITaggedCell => ({
      type: 'code',
      tags,
      get source() {
        reads += 1;
        return 'x';
      }
    });
    checkpointsOf([counted(undefined), counted(['other']), counted([CHECKPOINT_TAG])]);
    expect(reads).toBe(1);
  });
});
