import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, Session } from '@jupyterlab/services';
import type { DocumentGuard } from './document-guard.js';

/** A request whose outputs may still come. */
export interface IRunningCell {
  readonly kernelId: string;
  readonly msgId: string;
  readonly cellId: string;
  /** A page that is gone asked for it. */
  readonly adopted?: boolean;
}

/** After these nothing that was asked of the kernel is answered. */
const ENDS: ReadonlySet<string> = new Set(['restarting', 'autorestarting', 'terminating', 'dead']);

/** Tells a notebook's guard which cell each request belongs to: the page knows, and what a kernel publishes does not say. */
export function followExecutions(session: ISessionContext, guard: DocumentGuard): void {
  const follow = (connection: Session.ISessionConnection | null): void => {
    connection?.anyMessage.connect((_, message) => note(connection, message));
  };
  const note = (connection: Session.ISessionConnection, { msg, direction }: Kernel.IAnyMessageArgs): void => {
    const { header, metadata } = msg;
    const kernelId = connection.kernel?.id;
    if (direction === 'send' && header.msg_type === 'execute_request' && kernelId !== undefined) {
      const cellId: unknown = metadata['cellId'];
      if (typeof cellId === 'string') {
        guard.executing({ kernelId, msgId: header.msg_id, cellId });
      }
    } else if (direction === 'recv' && header.msg_type === 'execute_reply' && 'msg_id' in msg.parent_header) {
      guard.executed(msg.parent_header.msg_id);
    }
  };
  session.statusChanged.connect((_, status) => {
    if (ENDS.has(status)) {
      guard.kernelEnded();
    }
  });
  follow(session.session);
  session.sessionChanged.connect((_, { newValue }) => follow(newValue));
}
