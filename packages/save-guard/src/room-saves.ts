import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { Contents } from '@jupyterlab/services';

/** The room answers when the file is written, or not at all where it knows no such question. */
const ANSWER_MS = 15_000;
/** After its answer, everybody hears within this time that the document is not dirty any more. */
const CLEAN_MS = 3000;

/**
 * Asks the server's room of a shared document to write it, as JupyterLab's own command does, but without its dialogs.
 *
 * A page that has lost its room gets an answer all the same (jupyter-collaboration 5.0.4). So the room is believed only
 * when it says in the document itself that it is not dirty.
 *
 * @throws Error when the room has not written it.
 */
export async function askRoom(
  context: DocumentRegistry.Context,
  contents: Contents.IManager,
  providerId: string
): Promise<void> {
  const { model, path, contentsModel } = context;
  let clean = (): void => undefined;
  const isClean = new Promise<void>(resolve => (clean = resolve));
  const onState = (
    _: DocumentRegistry.IModel,
    { name, newValue }: { name: string; newValue: unknown }
  ): void => {
    if (name === 'dirty' && newValue === false) {
      clean();
    }
  };
  if (!model.dirty) {
    clean();
  }
  model.stateChanged.connect(onState);
  try {
    const options: Partial<Contents.IModel> & { contentProviderId: string } = {
      type: contentsModel?.type ?? 'file',
      format: contentsModel?.type === 'notebook' ? 'json' : 'text',
      contentProviderId: providerId
    };
    await within(ANSWER_MS, contents.save(path, options));
    await within(CLEAN_MS, isClean);
  } finally {
    model.stateChanged.disconnect(onState);
  }
}

async function within<T>(patienceMs: number, promise: Promise<T>): Promise<T> {
  let timer = 0;
  const late = new Promise<never>((_, reject) => {
    timer = window.setTimeout(() => reject(new Error('the room has not written the document')), patienceMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    window.clearTimeout(timer);
  }
}
