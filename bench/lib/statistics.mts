/** The value below which a share of the sorted values lies (nearest rank). */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** Upper 95 % bound of the mean of `values`, by Student's t for n − 1 degrees of freedom (one-sided, table for 5 to 30). */
export function upperBound95(values: readonly number[]): number {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  // One-sided 95 % quantiles of Student's t; NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2.
  const t = n >= 31 ? 1.697 : n >= 21 ? 1.725 : n >= 16 ? 1.753 : n >= 11 ? 1.812 : n >= 10 ? 1.833 : 2.015;
  return mean + t * Math.sqrt(variance / n);
}
