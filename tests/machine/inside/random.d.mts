export function randomFrom(seed: string): () => number;
