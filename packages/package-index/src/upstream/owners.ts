import { mkdirSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Which names were found at an index that comes before another: they stay its own, also when it does not have them any more,
 * else whoever registers such a name at a public index is installed in its place. On the disk, an empty file for each name.
 */
export class Owners {
  /** @throws when the folder cannot be made. */
  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const file of readdirSync(folder)) {
      const [name = '', index = ''] = file.split('@');
      this.owners.set(name, decodeURIComponent(index));
    }
  }

  /** Id of the index that a name belongs to; null = it was found at none that comes before another. */
  of(name: string): string | null {
    return this.owners.get(name) ?? null;
  }

  /** @throws when it cannot be kept: then the name must not be served, because it would be forgotten. */
  async note(name: string, index: string): Promise<void> {
    if (this.owners.get(name) !== index) {
      await writeFile(join(this.folder, `${name}@${encodeURIComponent(index)}`), '');
      this.owners.set(name, index);
    }
  }

  private readonly owners = new Map<string, string>();
}
