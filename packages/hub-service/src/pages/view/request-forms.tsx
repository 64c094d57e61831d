import { REQUEST_TEXT } from '@labkeeper/protocol';
import type { ReactElement } from 'react';
import type { IRequestWhole } from '../../store/requests.js';
import { Part } from './facts.js';

/** States in which somebody still reads what is said. */
const SAID = ['requested', 'approved', 'denied', 'active'];

/** Forms to decide about a request, and to answer. They bring back the version that was seen. */
export function DecideForms(props: {
  readonly request: IRequestWhole;
  readonly formToken: string;
}): ReactElement {
  const { request, formToken } = props;
  const isHelp = request.want.kind === 'help';
  const isOpen = request.state === 'requested';
  return (
    <>
      {SAID.includes(request.state) && (
        <Part id="answer" title="Answer">
          <form method="post" action="/requests/answer" aria-label="Answer" className="filters">
            <Hidden request={request} formToken={formToken} />
            <Text name="text" text="What the person reads in JupyterLab" />
            <div className="buttons">
              <button type="submit" className={isOpen && !isHelp ? 'plain' : undefined}>
                Send the answer
              </button>
            </div>
          </form>
        </Part>
      )}
      {isOpen && (
        <Part id="decide" title={isHelp ? 'Close' : 'Decide'}>
          <form
            method="post"
            action="/requests/decide"
            aria-label={isHelp ? 'Close' : 'Decide'}
            className="filters"
          >
            <Hidden request={request} formToken={formToken} />
            <Text name="reason" text="Reason; the person reads it, and it stays on record" />
            <div className="buttons">
              <button type="submit" name="decision" value="approve">
                {isHelp ? 'Close as helped' : 'Approve'}
              </button>
              <button type="submit" name="decision" value="deny" className="plain">
                {isHelp ? 'Decline' : 'Deny'}
              </button>
            </div>
          </form>
        </Part>
      )}
    </>
  );
}

function Hidden({
  request,
  formToken
}: {
  readonly request: IRequestWhole;
  readonly formToken: string;
}): ReactElement {
  return (
    <>
      <input type="hidden" name="form" value={formToken} />
      <input type="hidden" name="id" value={request.id} />
      <input type="hidden" name="version" value={request.version} />
    </>
  );
}

function Text({ name, text }: { readonly name: string; readonly text: string }): ReactElement {
  return (
    <label>
      <span>{text}</span>
      <textarea name={name} required maxLength={REQUEST_TEXT} rows={3} />
    </label>
  );
}
