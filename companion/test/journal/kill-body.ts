/** The records of a batch, so that both processes of the test know them. */
export function bodyOf(run: string, seq: number): string {
  return `{"t":"src","c":${seq},"v":"${run} ${'é'.repeat((seq * 97) % 900)}"}`;
}
