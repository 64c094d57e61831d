import type { ISavedView, ISavedViews, IViewOwner } from './saved-views.js';

/** Saved views of a made-up log, of one hub. */
export class MemoryViews implements ISavedViews {
  async list({ owner }: IViewOwner): Promise<readonly ISavedView[]> {
    return this.views.filter(view => view.owner === owner || view.isShared);
  }

  async save(
    { owner }: IViewOwner,
    view: Pick<ISavedView, 'name' | 'address' | 'isShared'>
  ): Promise<boolean> {
    this.views.push({ id: (this.given += 1), owner, ...view });
    return true;
  }

  async remove({ owner }: IViewOwner, id: number): Promise<boolean> {
    const before = this.views.length;
    this.views = this.views.filter(view => view.id !== id || view.owner !== owner);
    return this.views.length < before;
  }

  private views: ISavedView[] = [
    { id: 1, owner: 'lead', name: 'Denied this month', address: '/log?effect=deny', isShared: false },
    { id: 2, owner: 'ada', name: 'Course of autumn', address: '/log?group=course', isShared: true }
  ];
  private given = 2;
}
