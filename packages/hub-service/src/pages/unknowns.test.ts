import { MemoryLog } from './memory-log.test.data.js';
import { tellStory } from './story.js';

const told = async (...made: Parameters<MemoryLog['add']>) => {
  const log = new MemoryLog();
  const story = await log.story(log.add(...made));
  if (story === null) {
    throw new Error('It was not kept.');
  }
  return { ...tellStory(story, 'https://pages.example.org') };
};

describe('what is not known about a record', () => {
  it('is little where all was told', async () => {
    const { unknown } = await told({
      digest: 0,
      record: {
        decision: { effect: 'allow', ruleId: 'data-core', policyDigest: 'c'.repeat(64), reason: 'Approved.' }
      }
    });
    expect(unknown).toEqual([]);
  });

  it('is much where a file just lies there', async () => {
    const { unknown } = await told({
      record: {
        action: 'found-on-disk',
        tool: null,
        surface: 'unknown',
        outcome: null,
        environment: { id: '0123456789abcdef', kind: 'unknown', python: null },
        evidence: [{ source: 'disk', ref: null }],
        package: {
          ecosystem: 'pypi',
          name: 'x',
          version: null,
          requested: null,
          installer: null,
          recordDigest: null,
          files: null,
          origin: 'unknown'
        }
      }
    });
    expect(unknown).toEqual([
      'Which version it is is not known.',
      'Through which tool it came is not known.',
      'Where it was done, in a terminal, a notebook or a panel, is not known.',
      'Whether policy allowed it is not known: no decision is on record.',
      'Whether it was asked for by name, or came because another package needs it, is not known.',
      'From where it was fetched is not known.',
      'It has no list of its files, so altered files would not be seen.',
      'Which Python the environment has is not known.',
      'No digest covers it yet: until then only its receipt in the container proves that it came.'
    ]);
  });

  it('is the time, where the container’s clock was ahead', async () => {
    const { unknown } = await told({ record: { occurredAtMs: Date.UTC(2027, 10, 27) } });
    expect(unknown.join(' ')).toContain("the container's clock was ahead of the hub's");
  });

  it('is whether a removal succeeded, and what the disk says, where only a tool told it', async () => {
    const { unknown, graded } = await told({
      record: { action: 'remove', outcome: null, evidence: [{ source: 'report', ref: null }] }
    });
    expect(unknown).toContain('Whether it succeeded is not known.');
    expect(unknown).toContain('Nothing on the disk confirms it.');
    expect(graded).toEqual({ grade: 'claimed', reason: 'Only one source inside the container told it.' });
  });
});

it('a record that others made worth more does not keep the reason of its own grade', async () => {
  const { graded } = await told({
    grade: 'confirmed',
    record: { evidence: [{ source: 'report', ref: null }] }
  });
  expect(graded).toEqual({
    grade: 'confirmed',
    reason: "The hub's own index served it, and it lies on the disk."
  });
});

it('the leaf is that of the line’s bytes', async () => {
  const { leaf, story } = await told({});
  const { createHash } = await import('node:crypto');
  expect(leaf).toBe(
    createHash('sha256')
      .update(Buffer.from([0]))
      .update(story.entry, 'utf8')
      .digest('hex')
  );
});
