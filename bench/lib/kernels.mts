import type { IServer } from './server.mts';

/** A kernel took code and said nothing. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

export interface IKernel {
  readonly id: string;
  readonly path: string;
  /** Runs code and does not wait for it. */
  send(code: string): void;
  /** Runs code and waits for its reply; resolves with what it printed. */
  run(code: string, patienceMs?: number): Promise<string>;
  close(): void;
}

/** Starts a session with a kernel, as opening a notebook does, and waits until it answers. */
export async function startKernel(
  server: Pick<IServer, 'url' | 'token' | 'fetch'>,
  path: string,
  kernelName = 'python3'
): Promise<IKernel> {
  const answer = await server.fetch('/api/sessions', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ path, name: path, type: 'notebook', kernel: { name: kernelName } })
  });
  if (!answer.ok) throw new Error(`no kernel for ${path}: ${answer.status} ${await answer.text()}`);
  const session: { kernel: { id: string } } = await answer.json();
  return connectKernel(server, session.kernel.id, path);
}

/** Connects to a kernel's channels. */
export async function connectKernel(
  server: Pick<IServer, 'url' | 'token'>,
  id: string,
  path: string
): Promise<IKernel> {
  const socket = new WebSocket(
    `${server.url.replace('http', 'ws')}/api/kernels/${id}/channels?session_id=bench&token=${server.token}`
  );
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error(`no channels of kernel ${id}`));
  });
  const waiting = new Map<string, { output: string; done: (output: string) => void }>();
  socket.onmessage = event => {
    const message = JSON.parse(String(event.data));
    const request = waiting.get(message.parent_header?.msg_id);
    if (!request) return;
    if (message.msg_type === 'stream') request.output += message.content.text;
    if (message.msg_type === 'error') request.output += message.content.traceback.join('\n');
    if (message.msg_type === 'status' && message.content.execution_state === 'idle')
      request.done(request.output);
  };
  const request = (code: string): string => {
    const msgId = crypto.randomUUID();
    const header = {
      msg_id: msgId,
      msg_type: 'execute_request',
      username: 'bench',
      session: 'bench',
      date: new Date().toISOString(),
      version: '5.3'
    };
    const content = {
      code,
      silent: false,
      store_history: false,
      user_expressions: {},
      allow_stdin: false,
      stop_on_error: true
    };
    socket.send(
      JSON.stringify({ channel: 'shell', header, parent_header: {}, metadata: {}, content, buffers: [] })
    );
    return msgId;
  };
  const kernel: IKernel = {
    id,
    path,
    send: code => void request(code),
    run: (code, patienceMs = 30_000) =>
      new Promise((resolve, reject) => {
        const msgId = request(code);
        const timer = setTimeout(
          () => reject(new NoAnswerError(`kernel ${path} did not answer in ${patienceMs} ms`)),
          patienceMs
        );
        waiting.set(msgId, {
          output: '',
          done: output => {
            clearTimeout(timer);
            waiting.delete(msgId);
            resolve(output);
          }
        });
      }),
    close: () => socket.close()
  };
  await kernel.run('pass');
  return kernel;
}
