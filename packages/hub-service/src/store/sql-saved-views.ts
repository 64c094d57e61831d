import type { ISavedView, ISavedViews, IViewOwner } from '../pages/saved-views.js';
import { SHARED_VIEWS, VIEWS } from '../pages/saved-views.js';
import type { IDatabase } from './database.js';

/** Saved views in the database. */
export class SqlSavedViews implements ISavedViews {
  /** @param nowMs - epoch ms. */
  constructor(
    private readonly database: IDatabase,
    private readonly nowMs: () => number
  ) {}

  async list({ hub, owner }: IViewOwner): Promise<readonly ISavedView[]> {
    const rows = this.database.read
      .selectFrom('saved_view')
      .select(['id', 'owner', 'name', 'address', 'is_shared'])
      .where('hub', '=', hub);
    const [own, shared] = await Promise.all([
      rows.where('owner', '=', owner).orderBy('name').execute(),
      rows
        .where('owner', '!=', owner)
        .where('is_shared', '=', 1)
        .orderBy('name')
        .orderBy('id')
        .limit(SHARED_VIEWS)
        .execute()
    ]);
    return [...own, ...shared].map(({ is_shared: isShared, ...view }) => ({
      ...view,
      isShared: isShared === 1
    }));
  }

  async save(
    { hub, owner }: IViewOwner,
    { name, address, isShared }: Pick<ISavedView, 'name' | 'address' | 'isShared'>
  ): Promise<boolean> {
    const values = { address, is_shared: isShared ? 1 : 0, saved_at_ms: this.nowMs() };
    return this.database.write.transaction().execute(async db => {
      const { numUpdatedRows } = await db
        .updateTable('saved_view')
        .set(values)
        .where('hub', '=', hub)
        .where('owner', '=', owner)
        .where('name', '=', name)
        .executeTakeFirst();
      if (numUpdatedRows > 0n) {
        return true;
      }
      const { views } = await db
        .selectFrom('saved_view')
        .select(({ fn }) => fn.countAll<number | string>().as('views'))
        .where('hub', '=', hub)
        .where('owner', '=', owner)
        .executeTakeFirstOrThrow();
      if (Number(views) >= VIEWS) {
        return false;
      }
      await db
        .insertInto('saved_view')
        .values({ hub, owner, name, ...values })
        // Her other tab was first, with the same name.
        .onConflict(conflict => conflict.columns(['hub', 'owner', 'name']).doUpdateSet(values))
        .execute();
      return true;
    });
  }

  async remove({ hub, owner }: IViewOwner, id: number): Promise<boolean> {
    const { numDeletedRows } = await this.database.write
      .deleteFrom('saved_view')
      .where('hub', '=', hub)
      .where('owner', '=', owner)
      .where('id', '=', id)
      .executeTakeFirst();
    return numDeletedRows > 0n;
  }
}
