import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../failure.js';
import { AnchorTrouble, type IAnchoredDigest, type IAnchorTarget } from './anchor-target.js';
import { isUnfinished, writeOnce } from './write-once.js';

/** At most so many bytes of a file are looked at: a digest has some 500. */
const FILE_BYTES = 64 * 1024;

/** A digest's file is tried under so many names: one after each that was cut short. */
const PARTS = 4;

/** What the file of a digest is called. @param part - 0 = the first; greater where those before were cut short. */
function digestFileName(log: string, number: number, part: number): string {
  return `labkeeper-${log}-${String(number).padStart(9, '0')}${part === 0 ? '' : `.${part}`}.json`;
}

/** A directory whose files are written once: what keeps them from being changed afterwards is the directory's own. */
export class DirectoryTarget implements IAnchorTarget {
  constructor(readonly place: string) {}

  readonly kind = 'directory';

  async anchor(anchored: IAnchoredDigest) {
    const { digest, sha256 } = anchored;
    const { number } = digest.body;
    const file = await this.write(anchored);
    const { place, kind } = this;
    return { kind, digest: number, sha256, place, storedAtMs: Date.now(), file } as const;
  }

  async inspect(digests: AsyncIterable<IAnchoredDigest>): Promise<string | null> {
    const missing: number[] = [];
    const altered: number[] = [];
    for await (const anchored of digests) {
      const { digest, text } = anchored;
      const { number } = digest.body;
      const found = await this.read(anchored);
      if (found === null) {
        missing.push(number);
      } else if (found !== `${text}\n`) {
        altered.push(number);
      }
    }
    const said = [
      ...(altered.length > 0 ? [`altered are those of digests ${some(altered)}`] : []),
      ...(missing.length > 0 ? [`missing are those of digests ${some(missing)}`] : [])
    ];
    return said.length > 0
      ? `Files in ${this.place} are not as they were written: ${said.join('; ')}.`
      : null;
  }

  /** @returns the name that it has. */
  private async write({ digest, text }: IAnchoredDigest): Promise<string> {
    const { log, number } = digest.body;
    const whole = `${text}\n`;
    for (let part = 0; part < PARTS; part++) {
      const name = digestFileName(log, number, part);
      const path = join(this.place, name);
      if ((await writeOnce(path, whole)) === 'written') {
        await syncFolder(this.place);
        return name;
      }
      const found = await readSome(path);
      if (found === whole) {
        return name;
      }
      if (!isUnfinished(found, whole)) {
        throw new AnchorTrouble(
          `${path} is there already and holds something else: digest ${number} was made anew, or the file was altered.`,
          true
        );
      }
    }
    throw new Error(`Writing the file of digest ${number} in ${this.place} was cut short ${PARTS} times.`);
  }

  /** The file of a digest that is not just the beginning of it; null = there is none. */
  private async read({ digest, text }: IAnchoredDigest): Promise<string | null> {
    const { log, number } = digest.body;
    let last: string | null = null;
    for (let part = 0; part < PARTS; part++) {
      const found = await readSome(join(this.place, digestFileName(log, number, part)));
      if (found === null) {
        break;
      }
      last = found;
      if (!isUnfinished(found, `${text}\n`)) {
        break;
      }
    }
    return last;
  }
}

/** null = there is no such file. */
async function readSome(path: string): Promise<string | null> {
  try {
    const bytes = await readFile(path);
    return bytes.length > FILE_BYTES ? '' : bytes.toString('utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return null;
    }
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function some(numbers: readonly number[]): string {
  const shown = numbers.slice(0, 5).join(', ');
  return numbers.length > 5 ? `${shown} and ${numbers.length - 5} more` : shown;
}
