export { isRefused, type IAsker, type IDecision, type IFileFacts } from './decision.js';
export type * from './index-event.js';
export { IndexRefusal } from './index-refusal.js';
export {
  INDEX_LIMITS,
  PackageIndex,
  type IFoundFile,
  type IIndexLimits,
  type IPackageIndexOptions
} from './package-index.js';
export type { IProjectFile, IProjectStatus } from './project.js';
export { isProjectName, normalizeName } from './project-name.js';
export { versionOf } from './file-name.js';
export { sentenceOf } from './pages/blocked-mark.js';
export type { IFreshness } from './upstream/projects.js';
export type { IHttpOptions } from './upstream/http-get.js';
export type { IUpstreamOptions } from './upstream/upstream.js';
export { indexPlugin, type IIndexPluginOptions } from './serve/index-plugin.js';
