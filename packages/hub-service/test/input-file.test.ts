import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../src/verify/input-error.js';
import { InputFile } from '../src/verify/input-file.js';

describe('a file that changes while it is read', () => {
  let folder: string;
  let path: string;
  let file: InputFile;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'labkeeper-input-'));
    path = join(folder, 'export.jsonl');
    writeFileSync(path, 'one\ntwo\nthree\n');
    file = new InputFile(path);
  });
  afterEach(() => {
    file.close();
    rmSync(folder, { recursive: true });
  });

  it('and gets shorter is told, and nothing that is not there is taken for a line', () => {
    truncateSync(path, 5);
    expect(() => [...file.linesBackwards()]).toThrow(InputError);
    expect(() => [...file.blocks()]).toThrow('got shorter while it was read.');
    expect(() => [...file.blocks(4, 8)]).toThrow(InputError);
  });

  it('and gets longer is read as far as it went when it was opened', () => {
    appendFileSync(path, 'four\n');
    expect(Buffer.concat([...file.blocks()].map(block => Buffer.from(block))).toString()).toBe(
      'one\ntwo\nthree\n'
    );
    expect([...file.linesBackwards()].map(String)).toEqual(['three', 'two', 'one']);
  });
});

it('a file of more than one block is read as it is', () => {
  const folder = mkdtempSync(join(tmpdir(), 'labkeeper-input-'));
  const path = join(folder, 'receipts.jsonl');
  const text = `${'a'.repeat(1_200_000)}\n${'b'.repeat(1_200_000)}\n`;
  writeFileSync(path, text);
  const file = new InputFile(path);
  expect(file.text(4_000_000) === text).toBe(true);
  file.close();
  rmSync(folder, { recursive: true });
});
