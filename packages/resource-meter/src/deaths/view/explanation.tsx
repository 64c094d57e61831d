import type { IExplanation } from '../explanation.js';
import type { Speech } from '../speech.js';
import { MinuteChart } from './minute-chart.js';

export interface IExplanationProps {
  readonly explanation: IExplanation;
  readonly speech: Speech;
  /** Leads to the cell that ran; null = it is not open in this page. */
  readonly onCell: (() => void) | null;
  readonly leadId: string;
}

/** What happened, the proof, what helps; in that order. */
export function Explanation({ explanation, speech, onCell, leadId }: IExplanationProps): JSX.Element {
  const { trans } = speech;
  const { lead, consequence, proofs, advice, recentBytes, limitBytes } = explanation;
  return (
    <div className="lk-Explanation">
      <p className="lk-Explanation-lead" id={leadId}>
        <span>{lead}</span> <span aria-live="polite">{consequence}</span>
      </p>
      <dl className="lk-Explanation-parts">
        {proofs.length > 0 && (
          <>
            <dt>{trans.__('How we know')}</dt>
            <dd>
              <ul>
                {proofs.map((proof, index) => (
                  <li key={index}>
                    {proof.isCell && onCell !== null ? (
                      <button type="button" className="lk-Explanation-link" onClick={onCell}>
                        {proof.text}
                      </button>
                    ) : (
                      proof.text
                    )}
                  </li>
                ))}
              </ul>
              <MinuteChart bytes={recentBytes} limitBytes={limitBytes} speech={speech} />
            </dd>
          </>
        )}
        {advice.length > 0 && (
          <>
            <dt>{trans.__('What helps')}</dt>
            <dd>
              <ul>
                {advice.map((sentence, index) => (
                  <li key={index}>{sentence}</li>
                ))}
              </ul>
            </dd>
          </>
        )}
      </dl>
    </div>
  );
}
