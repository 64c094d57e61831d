export { FLIGHT_KERNELS, FlightKernel, FlightRecord, parseFlightRecord } from '@labkeeper/protocol';
export { codeOf, reasonOf } from './failure.js';
export * from './judge.js';
export * from './held.js';
export { unseenPeaks } from './unseen-peak.js';
export * from './last-run.js';
export * from './flight-summary.js';
export * from './schedule.js';
export * from './growth.js';
export * from './danger.js';
export * from './level.js';
export * from './fullness.js';
export * from './history-ring.js';
export * from './usage-history.js';
export * from './throttle-detector.js';
export * from './judge-throttle.js';
export * from './once-per-day.js';
export * from './death-series.js';
export * from './attribute-memory.js';
export * from './fullness.js';
export * from './save/work-age.js';
export * from './save/save-schedule.js';
export * from './save/light.js';
export * from './save/light-reason.js';
export * from './outputs/index.js';
export * from './journal/journal-error.js';
export * from './journal/splice-error.js';
export * from './journal/text-edit.js';
export * from './journal/fold-run.js';
export { FileCell, type SourceChange } from './journal/file-cell.js';
export { PutCell } from './journal/put-cell.js';
export * from './journal/apply-text.js';
export * from './journal/ran-cell.js';
export * from './journal/scan-notebook.js';
export * from './journal/splice-notebook.js';
export { isRange, type Piece, type ReadRange } from './journal/pieces.js';
export { MAX_VALUE_BYTES, type IUtf8 } from './journal/notebook-file.js';
export * from './reclaim/index.js';
export { LaterFile, type IBatchBoundary, type ILaterMatch } from './journal/later-file.js';
export { boundaryOf, LaterRecords } from './journal/later-file-records.js';
export { LaterText } from './journal/later-file-text.js';
export { parseSigned, signedTexts } from './signature/signed-texts.js';
export { lineDiff, type IHunk } from './compare/line-diff.js';
export {
  compareCells,
  compareTexts,
  partsOf,
  type Choice,
  type IComparedRow
} from './compare/compared-rows.js';
export { isText, textOf, type NotebookCell } from './compare/notebook-cell.js';
export { same, sameDetails, sameOutputs } from './compare/same-cell.js';
export { SessionDocuments, type IKernelState } from './resume/session-documents.js';
export * from './audit/index.js';
export * from './policy/index.js';
export * from './packages/index.js';
export * from './retention/index.js';
export * from './outgoing/index.js';
export * from './requests/index.js';
export * from './server-events/index.js';
export * from './load/index.js';
