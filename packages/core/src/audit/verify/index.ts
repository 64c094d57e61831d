export { announcedAnchors } from './announced-anchors.js';
export { announcedDigests } from './announced-digests.js';
export { announcedRetirements, type AnnouncedRetirement } from './announced-retirements.js';
export type {
  AnchorVerdict,
  HolderKind,
  IAnchoredRange,
  IAnchorResult,
  IAnchors,
  IHeldStatement,
  IPinnedHolder
} from './anchors.js';
export { digestHash } from './digest-chain.js';
export { parseEntryLine, type IEntryLine } from './entry-line.js';
export type { IExportSource } from './export-source.js';
export { ExportVerifier, NotAnExportError, type IVerifyOptions } from './export-verifier.js';
export { recordsFrom, type FindingKind, type IVerifyFinding } from './findings.js';
export type { NextLine } from './personal-match.js';
export { verifyExport, type IHeldAgainst } from './verify-export.js';
export type { IRunningHash, IVerifyTools } from './tools.js';
export type {
  IDeletion,
  IListed,
  IMissingPlace,
  ISigner,
  IToldGap,
  IUnreadable,
  IVerifyReport,
  VerifyOutcome
} from './verify-report.js';
