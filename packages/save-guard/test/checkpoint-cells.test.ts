import { CHECKPOINT_TAG, checkpointCodes, type ITaggedCell } from '../src/reclaim/checkpoint-cells.js';

const cell = (source: string, more: Partial<ITaggedCell> = {}): ITaggedCell => ({
  type: 'code',
  source,
  tags: [CHECKPOINT_TAG],
  ...more
});

describe('Checkpoint cells', () => {
  it('are the code cells with the tag, in their order', () => {
    expect(
      checkpointCodes([
        cell('a = 1', { tags: undefined }),
        cell('save()'),
        cell('text', { type: 'markdown' }),
        cell('other', { tags: ['parameters'] }),
        cell('strange', { tags: CHECKPOINT_TAG }),
        cell(' \n'),
        cell('push()', { tags: ['x', CHECKPOINT_TAG] })
      ])
    ).toEqual(['save()', 'push()']);
  });

  it('are no more and no longer than a message takes', () => {
    expect(checkpointCodes(Array.from({ length: 40 }, (_, index) => cell(`${index}`)))).toHaveLength(16);
    expect(checkpointCodes([cell('x'.repeat(64 * 1024 + 1)), cell('y')])).toEqual(['y']);
  });
});
