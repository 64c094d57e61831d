import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';

/** Bytes of output in one cell of a made notebook: as in notebooks that are large because of what they printed. */
const OUTPUT_BYTES = 50_000;
const LINE_BYTES = 50;

/** A notebook of about so many bytes, always the same: an empty first cell, then cells that each printed 50 kB. */
export function writeNotebook(path: string, bytes: number): void {
  const cells = Array.from({ length: Math.round(bytes / OUTPUT_BYTES) }, (_, index) => ({
    cell_type: 'code',
    execution_count: index + 1,
    id: `cell-${index}`,
    metadata: {},
    outputs: [{ name: 'stdout', output_type: 'stream', text: lines(index) }],
    source: [`print_rows(${index})`]
  }));
  const first = {
    ...{ cell_type: 'code', execution_count: null, id: 'first', metadata: {}, outputs: [], source: [] }
  };
  const notebook = {
    cells: [first, ...cells],
    metadata: { kernelspec: { display_name: 'Python 3 (ipykernel)', language: 'python', name: 'python3' } },
    nbformat: 4,
    nbformat_minor: 5
  };
  writeFileSync(path, `${JSON.stringify(notebook, null, 1)}\n`);
}

/** A program of some lines. */
export function writeProgram(path: string): void {
  writeFileSync(path, Array.from({ length: 100 }, (_, line) => `x${line} = ${line}\n`).join(''));
}

/** Text that does not compress to nothing. */
function lines(seed: number): string[] {
  return Array.from({ length: OUTPUT_BYTES / LINE_BYTES }, (_, line) => {
    const noise = createHash('md5').update(`${seed} ${line}`).digest('hex');
    return `row ${String(line).padStart(5)} ${noise}`.padEnd(LINE_BYTES - 4) + '\n';
  });
}
