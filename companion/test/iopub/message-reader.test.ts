import type { IIopubMessage } from '@labkeeper/core';
import { MessageReader, type IMessageCounts, type ISkippedMessage } from '../../src/iopub/message-reader.js';
import { signedParts } from './fake-publisher.js';

const KEY = 'a secret';

/** Hands parts to a reader, as a parser does. */
class Reading {
  constructor(key = KEY, limitBytes = 10_000) {
    this.reader = new MessageReader({
      key,
      limitBytes,
      counts: this.counts,
      message: message => void this.messages.push(message),
      skipped: message => void this.skipped.push(message)
    });
  }

  readonly counts: IMessageCounts = { read: 0, bytes: 0, skipped: 0, unsigned: 0, malformed: 0 };
  readonly messages: IIopubMessage[] = [];
  readonly skipped: ISkippedMessage[] = [];

  take(parts: readonly Buffer[]): this {
    parts.forEach((body, index) => {
      const head = { isCommand: false, hasMore: index < parts.length - 1, bytes: body.length };
      if (this.reader.begins(head)) {
        this.reader.ends(head, body);
      } else {
        this.reader.skipped(head);
      }
    });
    return this;
  }

  private readonly reader: MessageReader;
}

const HELLO = { name: 'stdout', text: 'hello' };
const good = (key = KEY) => signedParts(key, 'stream', HELLO, { msg_id: 'p' });
const changed = (parts: Buffer[], index: number, bytes: Buffer) =>
  parts.map((part, at) => (at === index ? bytes : part));

describe('reading the messages of a kernel', () => {
  it('gives type, request and content', () => {
    const { messages, counts } = new Reading().take(good());
    expect(messages).toEqual([
      {
        type: 'stream',
        parentId: 'p',
        parentType: 'execute_request',
        content: HELLO,
        bytes: JSON.stringify(HELLO).length,
        memoryBytes: JSON.stringify(HELLO).length
      }
    ]);
    expect(counts).toMatchObject({ read: 1, skipped: 0, unsigned: 0, malformed: 0 });
  });

  it('takes a message without a request, without routing, or with buffers', () => {
    const { messages } = new Reading()
      .take(signedParts(KEY, 'status', { execution_state: 'starting' }))
      .take(good().slice(1))
      .take([...good(), Buffer.alloc(1e6), Buffer.alloc(5)]);
    expect(messages.map(({ parentId }) => parentId)).toEqual([null, 'p', 'p']);
  });

  it('takes unsigned messages only where there is no key', () => {
    expect(new Reading('').take(good('')).messages).toHaveLength(1);
    expect(new Reading('').take(good()).messages).toHaveLength(1);
    expect(new Reading(KEY).take(good('')).counts).toMatchObject({ read: 0, unsigned: 1 });
  });

  it.each([2, 3, 4, 5, 6])('does not take a message whose part %i was changed', index => {
    const parts = good();
    const other = Buffer.from(parts[index] ?? []);
    other[other.length - 2] = (other[other.length - 2] ?? 0) ^ 1;
    const { messages, counts } = new Reading().take(changed(parts, index, other));
    expect(messages).toEqual([]);
    expect(counts.unsigned + counts.malformed).toBe(1);
  });

  it('does not take a message with another key', () => {
    expect(new Reading().take(good('another')).counts).toMatchObject({ read: 0, unsigned: 1 });
  });

  it('looks at nothing but the header of messages that say nothing of outputs', () => {
    const parts = signedParts('another', 'comm_msg', { data: 'x'.repeat(1e6) }, { msg_id: 'p' });
    expect(new Reading().take(parts).counts).toMatchObject({
      read: 0,
      unsigned: 0,
      skipped: 0,
      malformed: 0
    });
  });

  it('skips a message that is too long, says whose it was, and reads the next', () => {
    const content = { name: 'stdout', text: 'x'.repeat(20_000) };
    const { skipped, messages, counts } = new Reading()
      .take(signedParts(KEY, 'stream', content, { msg_id: 'long' }))
      .take(good());
    expect(skipped).toMatchObject([{ type: 'stream', parentId: 'long' }]);
    expect(skipped[0]?.bytes).toBeGreaterThan(20_000);
    expect(messages).toHaveLength(1);
    expect(counts).toMatchObject({ read: 1, skipped: 1 });
  });

  it('skips a message that would take far more memory than it is long', () => {
    const content = { data: { 'application/json': Array.from({ length: 3000 }, () => [1]) } };
    const { skipped, counts } = new Reading(KEY, 30_000).take(
      signedParts(KEY, 'display_data', content, { msg_id: 'heavy' })
    );
    expect(skipped).toMatchObject([{ type: 'display_data', parentId: 'heavy' }]);
    expect(counts).toMatchObject({ read: 0, skipped: 1, malformed: 0 });
  });

  it.each<[string, Buffer[]]>([
    ['no delimiter', Array.from({ length: 40 }, () => Buffer.from('x'))],
    ['too few parts', good().slice(0, 5)],
    ['a header that is no JSON', changed(good(), 3, Buffer.from('{'))],
    ['a header without a type', changed(good(), 3, Buffer.from('{}'))],
    ['an empty message', [Buffer.alloc(0)]]
  ])('counts a message with %s, and reads the next', (_, parts) => {
    const { counts, messages } = new Reading('').take(parts).take(good(''));
    expect(counts.malformed).toBe(1);
    expect(messages).toHaveLength(1);
  });

  it('counts content that is no object', () => {
    const { counts } = new Reading('').take(changed(good(''), 6, Buffer.from('[1]')));
    expect(counts).toMatchObject({ read: 0, malformed: 1 });
  });

  it('does not hold a header that is too long', () => {
    const { counts, messages } = new Reading(KEY, 1e9)
      .take(changed(good(), 3, Buffer.alloc(100_000)))
      .take(good());
    expect(counts.skipped).toBe(1);
    expect(messages).toHaveLength(1);
  });
});
