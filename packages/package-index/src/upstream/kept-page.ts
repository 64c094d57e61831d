import type { IProject } from '../project.js';
import type { IValidators } from './upstream.js';

/** What is kept of a project between two looks at its upstream index. */
export interface IPageHead {
  /** Normalised. */
  readonly name: string;
  /** Id of the upstream index. */
  readonly index: string;
  /** Of the page's content: the same for the same files. */
  readonly digest: string;
  readonly validators: IValidators;
  /** Epoch ms at which the upstream index last said that it is so. */
  readonly checkedAtMs: number;
}

/** A page as it was read, with what is kept of it. */
export interface IKeptPage {
  readonly head: IPageHead;
  readonly project: IProject;
}
