import { lineDiff } from '@labkeeper/core';
import { shownLines } from '../src/compare/shown-lines.js';
import { shownOutputs } from '../src/compare/shown-outputs.js';

const lines = (count: number, word = 'line') =>
  Array.from({ length: count }, (_, at) => `${word} ${at}\n`).join('');

describe('lines that are shown', () => {
  it('are those that differ, with three around them', () => {
    const left = lines(30);
    const kinds = shownLines(lineDiff(left, left.replace('line 15\n', 'other\n'))).map(line =>
      line.kind === 'folded' ? line.count : line.kind
    );
    expect(kinds).toEqual([12, 'equal', 'equal', 'equal', 'changed', 'equal', 'equal', 'equal', 11]);
  });

  it('are not more than can be drawn, and no longer', () => {
    const shown = shownLines(lineDiff('', `${'x'.repeat(5000)}\n${lines(1000)}`));
    expect(shown).toHaveLength(401);
    expect(shown.at(-1)).toEqual({ kind: 'more', count: 601 });
    expect(shown[0]).toMatchObject({ left: null, right: `${'x'.repeat(2000)}…` });
  });
});

describe('outputs that are shown', () => {
  const shown = (...outputs: unknown[]) => shownOutputs({ cell_type: 'code', outputs }).shown;
  const data = (bundle: object) => ({ output_type: 'display_data', data: bundle, metadata: {} });

  it('are text without orders to a terminal, and as much of it as can be read', () => {
    expect(
      shown({ output_type: 'stream', name: 'stdout', text: ['\u001b[31mred\u001b[0m\n', lines(100)] })
    ).toEqual([{ kind: 'text', text: `red\n${lines(29).trimEnd()}`, moreLines: 71 }]);
  });

  it('are images made of pixels, and nothing that could be a program', () => {
    expect(shown(data({ 'image/png': 'iVBO\nRw==', 'text/html': '<b>' }))).toEqual([
      { kind: 'image', source: 'data:image/png;base64,iVBORw==' }
    ]);
    for (const bundle of [
      { 'image/png': '"><script>' },
      { 'image/svg+xml': '<svg onload="x()"/>' },
      { 'text/html': '<script>x()</script>' },
      { 'application/javascript': 'x()' }
    ]) {
      expect(shown(data(bundle))).toEqual([{ kind: 'other', types: Object.keys(bundle).join() }]);
    }
  });

  it('survive whatever a file holds', () => {
    expect(
      shown(null, 5, {}, { output_type: 'stream', text: 7 }, { output_type: 'error' }, data([]))
    ).toEqual([
      { kind: 'other', types: '' },
      { kind: 'text', text: '', moreLines: 0 },
      { kind: 'error', text: ': ' },
      { kind: 'other', types: '' }
    ]);
    expect(shownOutputs({ outputs: 'none' })).toEqual({ shown: [], more: 0 });
  });
});
