import { auditRecords, auditState, auditWanted } from './audit.js';
import { outgoingKnown, outgoingWanted } from './outgoing.js';
import { companionHello, pageHello, serverHello } from './hello.js';
import {
  deathsKnown,
  deathSeen,
  historyRead,
  kernelsChanged,
  noticeGiven,
  noticesKnown,
  sampleTaken,
  visibilityChanged
} from './page.js';
import {
  checkpointsKnown,
  documentsStanding,
  lossesKnown,
  receiptKnown,
  receiptRead,
  reclaimsKnown,
  serverIdle,
  trialAsked
} from './reclaim.js';
import {
  batchDurable,
  documentHidden,
  documentShown,
  documentsOpen,
  executing,
  journalBatch,
  journalState,
  outputsCollected,
  outputsEnd,
  outputsTaken,
  recoveriesKnown,
  recoveryDecided,
  runClosed,
  runLost,
  runOpened,
  runRenamed,
  runSaved,
  spliceAsked,
  spliceDone,
  tick,
  writersKnown
} from './save.js';
import {
  feedbackGiven,
  requestRead,
  requestResult,
  requestSaid,
  requestsKnown,
  requestStory,
  requestSubmitted,
  requestsWanted,
  requestWithdrawn
} from './requests.js';
import { sessionKnown, sessionNow, sessionSeen } from './session.js';
import { kernelDied, kernelFate, kernelStartFailed, serverKernels, serverStopping } from './server.js';

/** Every message of the protocol by who sends it: what fixtures and generated schemas must cover. */
export const MESSAGES = {
  companion: [
    companionHello,
    sampleTaken,
    historyRead,
    kernelsChanged,
    deathSeen,
    deathsKnown,
    noticeGiven,
    noticesKnown,
    batchDurable,
    runLost,
    spliceDone,
    journalState,
    tick,
    recoveriesKnown,
    reclaimsKnown,
    lossesKnown,
    receiptKnown,
    outputsCollected,
    outputsEnd,
    writersKnown,
    sessionKnown,
    auditState,
    auditRecords,
    outgoingKnown,
    requestsKnown,
    requestStory,
    requestResult
  ],
  page: [
    pageHello,
    visibilityChanged,
    runOpened,
    journalBatch,
    runSaved,
    spliceAsked,
    runRenamed,
    runClosed,
    recoveryDecided,
    trialAsked,
    checkpointsKnown,
    documentsStanding,
    receiptRead,
    executing,
    documentShown,
    documentHidden,
    outputsTaken,
    documentsOpen,
    sessionNow,
    sessionSeen,
    auditWanted,
    outgoingWanted,
    requestsWanted,
    requestSubmitted,
    requestWithdrawn,
    requestSaid,
    requestRead,
    feedbackGiven
  ],
  server: [serverHello, serverKernels, kernelDied, kernelFate, kernelStartFailed, serverStopping, serverIdle]
} as const;

/** Who sends a message. */
export type Side = keyof typeof MESSAGES;

/** The name of a message's fixture and schema: `usage/sample` of the companion is `usage-sample.companion`. */
export function messageName(method: string, side: Side): string {
  return `${method.replaceAll('/', '-')}.${side}`;
}
