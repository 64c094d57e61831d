import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { textSum } from '@labkeeper/protocol';
import { action, Page, pageNotebook, saved, stored, UTF8 } from './journal.test.data.js';
import { splice } from './splice.test.data.js';

/** Writes notebooks as jupyter_server does: a list of JSON on standard input, a list of texts on standard output. */
const WRITE = `
import io, json, logging, sys, warnings
import nbformat
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")
def write(content):
    file = io.StringIO()
    nbformat.write(nbformat.from_dict(content), file, version=nbformat.NO_CONVERT)
    return file.getvalue()
json.dump([write(content) for content in json.load(sys.stdin)], sys.stdout)
`;

/** Reads a notebook as jupyter_server does, then tries to write it: its sources, and what hindered the write. */
const READ = `
import io, json, sys
import nbformat
notebook = nbformat.reads(sys.stdin.buffer.read().decode("utf8"), as_version=4)
try:
    io.TextIOWrapper(io.BytesIO(), encoding="utf-8").write(nbformat.writes(notebook))
    failure = None
except UnicodeEncodeError as error:
    failure = type(error).__name__
json.dump({"sources": [cell.source for cell in notebook.cells], "failure": failure}, sys.stdout)
`;

const available = spawnSync('python', ['-c', 'import nbformat']).status === 0;

function python(script: string, input: string | Uint8Array): unknown {
  const { stdout, stderr, status } = spawnSync('python', ['-c', script], {
    input,
    encoding: 'utf8',
    maxBuffer: 1024 ** 3
  });
  if (status !== 0) {
    throw new Error(stderr);
  }
  const answer: unknown = JSON.parse(stdout);
  return answer;
}

/** Half a pair has no bytes in UTF-8: nbformat gives text that Python cannot write to a file, we an escape. */
function escaped(text: unknown): string {
  return String(text).replace(/\p{Surrogate}/gu, half => JSON.stringify(half).slice(1, -1));
}

const RUNS = 400;
const seed = Date.now() % 2 ** 31;

(available ? describe : describe.skip)(`beside nbformat (needs \`python\` with it; seed ${seed})`, () => {
  it('a spliced file is, byte for byte, the file that a full save would have written', async () => {
    const sessions = fc.sample(fc.tuple(pageNotebook, fc.array(action, { maxLength: 12 })), {
      numRuns: RUNS,
      seed
    });
    const pages = sessions.map(([notebook, what]) => {
      const page = new Page(notebook);
      return { notebook, page, records: [page.base(), ...what.flatMap(one => page.act(one))] };
    });
    const notebooks = pages.flatMap(({ notebook, page }) => [stored(notebook), saved(page.notebook)]);
    const answer = python(WRITE, JSON.stringify(notebooks));
    const texts: unknown[] = Array.isArray(answer) ? answer : [];
    let changed = 0;
    for (const [index, { records }] of pages.entries()) {
      const before = escaped(texts[2 * index]);
      const after = escaped(texts[2 * index + 1]);
      const { bytes } = await splice(UTF8.encode(before), records);
      expect(bytes.toString('utf8')).toBe(after);
      changed += before === after ? 0 : 1;
    }
    expect(changed).toBeGreaterThan(RUNS / 2);
  }, 60_000);

  it('every character is escaped, and splits lines, as there', async () => {
    const characters = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit));
    const text = characters.filter(one => !/\p{Surrogate}/u.test(one)).join('.');
    const notebook = (source: string) => ({
      cells: [{ cell_type: 'raw', metadata: {}, source }],
      metadata: {},
      nbformat: 4,
      nbformat_minor: 4
    });
    const answer = python(WRITE, JSON.stringify([notebook(''), notebook(text)]));
    const [before, after] = Array.isArray(answer) ? answer.map(String) : [];
    const { bytes } = await splice(UTF8.encode(before ?? ''), [
      { t: 'base', hash: 'a'.repeat(64), cells: 1 },
      { t: 'src', c: 0, v: text }
    ]);
    expect(bytes.toString('utf8')).toBe(after);
  }, 60_000);

  it('half a surrogate pair, which Python cannot write, is written, read again and not lost', async () => {
    const cells = [{ cell_type: 'raw', metadata: {}, source: '😀' }];
    const file = UTF8.encode(JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 4 }));
    const { bytes } = await splice(file, [
      { t: 'base', hash: 'a'.repeat(64), cells: 1 },
      { t: 'edit', c: 0, at: 1, del: 1, ins: '!', sum: textSum('\ud83d!') }
    ]);
    expect(python(READ, bytes)).toEqual({ sources: ['\ud83d!'], failure: 'UnicodeEncodeError' });
  }, 60_000);
});
