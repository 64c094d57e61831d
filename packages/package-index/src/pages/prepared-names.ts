import type { NameLists } from '../upstream/name-lists.js';
import type { PageForm } from './negotiate.js';
import { pack } from './pack.js';
import { PackedPages, type IReadyPage } from './packed-pages.js';
import type { ReadyBytes } from './ready-bytes.js';
import { renderNames } from './render-names.js';

/** The list of all projects as bytes, the same for everybody: it says what there is, not what may be installed. */
export class PreparedNames {
  constructor(
    private readonly lists: NameLists,
    ready: ReadyBytes
  ) {
    this.pages = new PackedPages(ready);
  }

  /** @throws IndexRefusal */
  async page(form: PageForm): Promise<IReadyPage<null>> {
    const known = await this.lists.find();
    const isJson = form.endsWith('json');
    return this.pages.find(JSON.stringify(['all projects', known.digest, isJson]), async () => ({
      packed: await pack(renderNames(this.lists.names(known), known.missing, isJson)),
      about: null,
      aboutBytes: 0
    }));
  }

  private readonly pages: PackedPages<null>;
}
