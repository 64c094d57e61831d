/** Whether an asker has what the tag names already (`If-None-Match`, compared weakly as RFC 9110 says). */
export function hasTag(ifNoneMatch: string | undefined, etag: string): boolean {
  const bare = (tag: string): string => tag.trim().replace(/^W\//, '');
  return (
    ifNoneMatch !== undefined &&
    ifNoneMatch.split(',').some(tag => tag.trim() === '*' || bare(tag) === bare(etag))
  );
}

/** Whether an asker takes compressed bytes. */
export function takesGzip(acceptEncoding: string | undefined): boolean {
  return (acceptEncoding ?? '').split(',').some(part => {
    const [name = '', ...parameters] = part.split(';').map(text => text.trim().toLowerCase());
    return (name === 'gzip' || name === 'x-gzip') && !parameters.some(text => /^q=0(?:\.0*)?$/.test(text));
  });
}
