import { ServerConnection, type Contents } from '@jupyterlab/services';
import { notebookVersion, type Refusal, type Version } from './version.js';

/** A file above this is not compared: reading and comparing it would hold the page up. In bytes. */
export const LARGEST_BYTES = 64 * 1024 * 1024;

/** Reads a file as one that can be compared. */
export async function readVersion(
  contents: Contents.IManager,
  path: string,
  kind: Version['kind']
): Promise<Version | Refusal> {
  try {
    const { size } = await contents.get(path, { content: false });
    if ((size ?? 0) > LARGEST_BYTES) {
      return 'too-large';
    }
    if (kind === 'text') {
      const { content } = await contents.get(path, { type: 'file', format: 'text', content: true });
      return typeof content === 'string' ? { kind, text: asLabOpens(content) } : 'unreadable';
    }
    const { content } = await contents.get(path, { type: 'notebook', content: true });
    return notebookVersion(content) ?? 'unreadable';
  } catch (error) {
    return refusalOf(error);
  }
}

/**
 * A text with the line endings that JupyterLab gives it when it opens the file. It writes the file's own ones back on
 * saving: a line that came with its ending into an open document would have two then.
 */
function asLabOpens(text: string): string {
  return text.includes('\r\n') ? text.replace(/\r\n/g, '\n') : text.replace(/\r/g, '\n');
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof ServerConnection.ResponseError) {
    const { status } = error.response;
    return status === 404 ? 'missing' : status === 400 ? 'unreadable' : 'no-answer';
  }
  if (error instanceof ServerConnection.NetworkError) {
    return 'no-answer';
  }
  throw error;
}
