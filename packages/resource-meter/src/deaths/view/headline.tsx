export interface IHeadlineProps {
  readonly text: string;
  readonly id: string;
}

/** The dialog's title: it also changes in place. */
export function Headline({ text, id }: IHeadlineProps): JSX.Element {
  return (
    <h1 className="lk-Headline" id={id} title={text}>
      {text}
    </h1>
  );
}
