import { YNotebook, type YCodeCell } from '@jupyter/ydoc';
import { CodeCellModel } from '@jupyterlab/cells';
import { OutputArea } from '@jupyterlab/outputarea';
import { RenderMimeRegistry, standardRendererFactories } from '@jupyterlab/rendermime';
import { KernelConnection, ServerConnection } from '@jupyterlab/services';
import type { IIopubMessage, Json } from '@labkeeper/core';
import { FakeSocket } from './fake-sockets.js';

/** The cells of a notebook in JupyterLab, with its own kernel connection, whose socket's other end is a test. */
export class LabCells {
  static async start(): Promise<LabCells> {
    const lab = new LabCells();
    lab.socket.accept();
    const header = lab.sent()[0]?.header ?? {};
    lab.say('kernel_info_reply', { status: 'ok', protocol_version: '5.3' }, header, 'shell');
    lab.say('status', { execution_state: 'idle' }, header, 'iopub');
    await lab.kernel.info;
    return lab;
  }

  private constructor() {
    const sockets: FakeSocket[] = [];
    class OneSocket extends FakeSocket {
      readonly protocol = '';

      constructor(url: string) {
        super(url);
        sockets.push(this);
      }
    }
    this.kernel = new KernelConnection({
      model: { id: 'k', name: 'python3' },
      serverSettings: ServerConnection.makeSettings({ WebSocket: OneSocket as unknown as typeof WebSocket })
    });
    const [socket] = sockets;
    if (!socket) {
      throw new Error('The kernel connection opened no socket.');
    }
    this.socket = socket;
  }

  /** Executes a new cell. @returns the id of its request. */
  execute(): string {
    const sharedModel = this.notebook.addCell({ cell_type: 'code' }) as YCodeCell;
    const model = new CodeCellModel({ sharedModel });
    const area = new OutputArea({ model: model.outputs, rendermime: this.rendermime });
    const future = this.kernel.requestExecute({ code: '1' }, false);
    area.future = future;
    this.cells.set(future.msg.header.msg_id, { model, area, header: future.msg.header });
    return future.msg.header.msg_id;
  }

  /** The kernel says these things, and JupyterLab has dealt with them. */
  async take(messages: readonly IIopubMessage[]): Promise<void> {
    for (const { type, content, parentId } of messages) {
      const parent = parentId === null ? {} : (this.cells.get(parentId)?.header ?? otherHeader(parentId));
      this.say(type, content, parent, 'iopub');
    }
    const last = this.say('status', { execution_state: 'idle' }, {}, 'iopub');
    // JupyterLab deals with messages one after the other, so all are through when the last is.
    await new Promise<void>(resolve => {
      const handled = (_: unknown, { header }: { header: { msg_id: string } }) => {
        if (header.msg_id === last) {
          this.kernel.iopubMessage.disconnect(handled);
          resolve();
        }
      };
      this.kernel.iopubMessage.connect(handled);
    });
  }

  /** What is saved of a cell's outputs; halves of characters, of which Yjs replaces some, are all replaced. */
  saved(msgId: string): readonly unknown[] {
    return wellFormed(this.cells.get(msgId)?.model.sharedModel.getOutputs() ?? []);
  }

  /** What is shown in a cell, likewise. */
  shown(msgId: string): readonly unknown[] {
    return wellFormed(this.cells.get(msgId)?.model.outputs.toJSON() ?? []);
  }

  /** Closes all cells. */
  clear(): void {
    for (const { area, model } of this.cells.values()) {
      area.dispose();
      model.dispose();
    }
    this.cells.clear();
    this.notebook.deleteCellRange(0, this.notebook.cells.length);
  }

  dispose(): void {
    this.clear();
    this.kernel.dispose();
  }

  /** The kernel sends a message. @returns its id. */
  private say(type: string, content: Json, parent: object, channel: string): string {
    this.count += 1;
    const msgId = `m${this.count}`;
    const header = { ...otherHeader(msgId), msg_type: type };
    this.socket.say(
      JSON.stringify({ header, parent_header: parent, metadata: {}, content, channel, buffers: [] })
    );
    return msgId;
  }

  private sent(): { header: Json }[] {
    return this.socket.sent.map(text => JSON.parse(text));
  }

  // As JupyterLab makes it, unless a setting says otherwise.
  private readonly notebook = new YNotebook({ disableDocumentWideUndoRedo: true });
  private readonly rendermime = new RenderMimeRegistry({ initialFactories: standardRendererFactories });
  private readonly cells = new Map<string, { model: CodeCellModel; area: OutputArea; header: object }>();
  private readonly kernel: KernelConnection;
  private readonly socket: FakeSocket;
  private count = 0;
}

function otherHeader(msgId: string): Json {
  return {
    msg_id: msgId,
    msg_type: 'execute_request',
    session: 'other',
    username: '',
    date: '2026-11-26T10:00:00Z',
    version: '5.3'
  };
}

function wellFormed(outputs: readonly unknown[]): readonly unknown[] {
  const replaced = (_: string, value: unknown) =>
    typeof value === 'string' ? value.replace(/\p{Surrogate}/gu, '\ufffd') : value;
  return JSON.parse(JSON.stringify(outputs, replaced));
}
