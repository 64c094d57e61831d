import { MessageError, type Receiver } from '@labkeeper/protocol';
import type { RawData, WebSocket } from 'ws';

/** What reading one socket came to. */
export interface IIncomingCounts {
  bad: number;
  unknown: number;
}

/** Bad frames after which a peer is not worth listening to. */
export const BAD_FRAMES_ALLOWED = 100;

/**
 * Reads a socket with `receiver`. Bad frames are counted and, after 100, answered by close code 1008; a frame above
 * the socket's limit is answered by 1009 (by `ws`). Errors of handlers other than MessageError are not caught.
 *
 * @param bad - told about each bad frame, with a sentence for the log.
 * @param bulk - takes a frame whose head a body follows; false = it is none.
 */
export function readSocket(
  socket: WebSocket,
  receiver: Receiver,
  counts: IIncomingCounts,
  bad: (reason: string) => void,
  bulk: (frame: Buffer) => boolean = () => false
): void {
  let badHere = 0;
  let closing = false;
  const refuse = (reason: string): void => {
    badHere += 1;
    counts.bad += 1;
    bad(reason);
    if (badHere >= BAD_FRAMES_ALLOWED) {
      closing = true;
      socket.close(1008, 'Too many frames that are no messages.');
    }
  };
  socket.on('message', (data, isBinary) => {
    if (closing) {
      return;
    }
    if (isBinary) {
      refuse('a binary frame');
      return;
    }
    try {
      const frame = bytesOf(data);
      if (!bulk(frame) && !receiver.receive(frame.toString('utf8'))) {
        counts.unknown += 1;
      }
    } catch (error) {
      if (!(error instanceof MessageError)) {
        throw error;
      }
      refuse(error.message);
    }
  });
  socket.on('error', error => {
    // ws has closed it already with the fitting code (1009 for a frame above the limit, 1002, 1007).
    counts.bad += 1;
    bad(error.message);
  });
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) {
    return Buffer.concat(data);
  }
  return data instanceof ArrayBuffer ? Buffer.from(data) : data;
}
