import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, Session } from '@jupyterlab/services';

/** A request whose outputs may still come. */
export interface IRunningCell {
  readonly kernelId: string;
  readonly msgId: string;
  readonly cellId: string;
  /** A page that is gone asked for it. */
  readonly adopted?: boolean;
  /** What is run, where this page asked for it. */
  readonly source?: string;
}

/** Somebody who wants to know which cells run. */
export interface IExecutionFollower {
  /** A kernel was asked to run a cell. */
  executing(cell: IRunningCell): void;
  /** It has been run. */
  executed(msgId: string): void;
  /** The kernel ended: nothing that was asked of it is answered. */
  kernelEnded(): void;
}

/** After these nothing that was asked of the kernel is answered. */
const ENDS: ReadonlySet<string> = new Set(['restarting', 'autorestarting', 'terminating', 'dead']);

/** Tells which cell each request belongs to: the page knows, and what a kernel publishes does not say. */
export function followExecutions(
  session: ISessionContext,
  ...followers: readonly IExecutionFollower[]
): void {
  const follow = (connection: Session.ISessionConnection | null): void => {
    connection?.anyMessage.connect((_, message) => note(connection, message));
  };
  const note = (connection: Session.ISessionConnection, { msg, direction }: Kernel.IAnyMessageArgs): void => {
    const { header, metadata, content } = msg;
    const kernelId = connection.kernel?.id;
    if (direction === 'send' && header.msg_type === 'execute_request' && kernelId !== undefined) {
      const cellId: unknown = metadata['cellId'];
      if (typeof cellId === 'string') {
        const source = 'code' in content && typeof content.code === 'string' ? content.code : '';
        const cell = { kernelId, msgId: header.msg_id, cellId, source };
        followers.forEach(each => each.executing(cell));
      }
    } else if (direction === 'recv' && header.msg_type === 'execute_reply' && 'msg_id' in msg.parent_header) {
      const { msg_id } = msg.parent_header;
      followers.forEach(each => each.executed(msg_id));
    }
  };
  session.statusChanged.connect((_, status) => {
    if (ENDS.has(status)) {
      followers.forEach(each => each.kernelEnded());
    }
  });
  follow(session.session);
  session.sessionChanged.connect((_, { newValue }) => follow(newValue));
}
