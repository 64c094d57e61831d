import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../failure.js';
import { AnchorTrouble, type IAnchoredDigest, type IAnchorTarget } from './anchor-target.js';

/** At most so many bytes of a file are looked at: a digest has some 500. */
const FILE_BYTES = 64 * 1024;

/** What the file of a digest is called. */
export function digestFileName(log: string, number: number): string {
  return `labkeeper-${log}-${String(number).padStart(9, '0')}.json`;
}

/** A directory whose files are written once: what keeps them from being changed afterwards is the directory's own. */
export class DirectoryTarget implements IAnchorTarget {
  constructor(readonly place: string) {}

  readonly kind = 'directory';

  async anchor({ digest, text, sha256 }: IAnchoredDigest) {
    const { log, number } = digest.body;
    const file = digestFileName(log, number);
    await this.write(file, `${text}\n`, number);
    const { place, kind } = this;
    return { kind, digest: number, sha256, place, storedAtMs: Date.now(), file } as const;
  }

  async inspect(digests: AsyncIterable<IAnchoredDigest>): Promise<string | null> {
    const missing: number[] = [];
    const altered: number[] = [];
    for await (const { digest, text } of digests) {
      const { log, number } = digest.body;
      const found = await readSome(join(this.place, digestFileName(log, number)));
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

  private async write(name: string, text: string, number: number): Promise<void> {
    const path = join(this.place, name);
    try {
      // Never over another file, and through no link.
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
      const file = await open(path, flags, 0o440);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await syncFolder(this.place);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') {
        throw error;
      }
      if ((await readSome(path)) !== text) {
        throw new AnchorTrouble(
          `${path} is there already and holds something else: digest ${number} was made anew, or writing it was cut short.`,
          true,
          { cause: error }
        );
      }
    }
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
