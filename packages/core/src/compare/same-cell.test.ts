import { sameCell } from './same-cell.js';

const cell = {
  cell_type: 'code',
  id: 'a',
  source: 'x\ny',
  metadata: { tags: ['t'] },
  execution_count: 1,
  outputs: [
    { output_type: 'execute_result', execution_count: 1, data: { 'text/plain': '1\n2' }, metadata: {} }
  ]
};

it.each([
  ['another id and another count', { id: 'b', execution_count: 7 }],
  ['its text in lines', { source: ['x\n', 'y'] }],
  [
    'an output in lines, with another count',
    {
      outputs: [
        {
          output_type: 'execute_result',
          execution_count: 7,
          data: { 'text/plain': ['1\n', '2'] },
          metadata: {}
        }
      ]
    }
  ],
  ['what the page notes for itself', { metadata: { tags: ['t'], trusted: true } }]
])('a cell with %s is the same', (_, change) => {
  expect(sameCell(cell, { ...cell, ...change })).toBe(true);
});

it.each([
  ['source', { source: 'x\nz' }],
  ['type', { cell_type: 'markdown' }],
  ['outputs', { outputs: [] }],
  ['metadata', { metadata: {} }],
  ['attachments', { attachments: { 'a.png': { 'image/png': 'AA==' } } }]
])('a cell with other %s is another', (_, change) => {
  expect(sameCell(cell, { ...cell, ...change })).toBe(false);
});
