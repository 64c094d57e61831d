/** A view of the install log that somebody gave a name. */
export interface ISavedView {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  /** A path of ours. */
  readonly address: string;
  /** For everybody who may read all of the log; else for its owner alone. */
  readonly isShared: boolean;
}

/** Whose views at which hub. */
export interface IViewOwner {
  readonly hub: string;
  readonly owner: string;
}

/** Where saved views are kept. */
export interface ISavedViews {
  /** Her own by name, then what others share. */
  list(of: IViewOwner): Promise<readonly ISavedView[]>;
  /** Saves a view; one of the same name is replaced. @returns false - she has as many as one person may have. */
  save(of: IViewOwner, view: Pick<ISavedView, 'name' | 'address' | 'isShared'>): Promise<boolean>;
  /** @returns false - she has none of this number. */
  remove(of: IViewOwner, id: number): Promise<boolean>;
}

/** Views of one person, at most. */
export const VIEWS = 50;
/** Views of others that are shown, at most. */
export const SHARED_VIEWS = 100;
/** Characters of a view's name. */
export const VIEW_NAME = 60;
