import type { OpenDocument } from '@labkeeper/protocol';
import { SessionDocuments } from './session-documents.js';

const running = { kernelId: 'k', line: 'train()', sinceMs: 5, waiting: 0 };
const open = (path: string, more: Partial<OpenDocument> = {}): OpenDocument => ({
  path,
  kind: 'notebook',
  savedAtMs: null,
  running: null,
  ...more
});

describe('what is open', () => {
  it('is what all pages have open, each document once', () => {
    const documents = new SessionDocuments<string>();
    documents.tell('one', [open('a', { savedAtMs: 1 }), open('b')]);
    documents.tell('two', [open('a', { savedAtMs: 2 }), open('c', { running })]);
    expect(documents.all).toEqual([open('a', { savedAtMs: 2 }), open('b'), open('c', { running })]);
  });

  it('stays when the last page goes, with what runs', () => {
    const documents = new SessionDocuments<string>();
    documents.tell('one', [open('a', { running })]);
    documents.gone('one');
    documents.forget('one');
    expect(documents.all).toEqual([open('a', { running })]);
  });

  it('is less when one page of two is closed for good', () => {
    const documents = new SessionDocuments<string>();
    documents.tell('one', [open('a')]);
    documents.tell('two', [open('b')]);
    documents.gone('one');
    expect(documents.all).toHaveLength(2);
    documents.forget('one');
    expect(documents.all).toEqual([open('b')]);
  });
});

describe('a cell that runs', () => {
  it('still runs after its page was loaded anew, until its kernel is idle', () => {
    const documents = new SessionDocuments<string>();
    documents.tell('one', [open('a', { running })]);
    documents.gone('one');
    documents.tell('two', [open('a')]);
    documents.forget('one');
    documents.kernels([{ kernelId: 'k', state: 'busy' }]);
    expect(documents.all).toEqual([open('a', { running })]);
    documents.kernels([{ kernelId: 'k', state: 'idle' }]);
    expect(documents.all).toEqual([open('a')]);
  });

  it('runs no more when its kernel is gone', () => {
    const documents = new SessionDocuments<string>();
    documents.tell('one', [open('a', { running })]);
    documents.gone('one');
    documents.kernels([]);
    expect(documents.all).toEqual([open('a')]);
  });

  it('is what a page that is there says, whatever the kernel', () => {
    const documents = new SessionDocuments<string>();
    documents.tell('one', [open('a', { running })]);
    documents.kernels([{ kernelId: 'k', state: 'idle' }]);
    expect(documents.all).toEqual([open('a', { running })]);
    documents.tell('one', [open('a')]);
    expect(documents.all).toEqual([open('a')]);
  });
});
