// What is said of many numbers.

/** The value below which the part `q` of the ascending numbers lies. */
export function quantile(ascending, q) {
  if (ascending.length === 0) return Number.NaN;
  return ascending[Math.min(ascending.length - 1, Math.floor(q * ascending.length))];
}

/** Median and the range of the middle half. */
export function spread(numbers) {
  const ascending = [...numbers].sort((a, b) => a - b);
  const middle = ascending.length / 2;
  const median =
    ascending.length % 2 === 1
      ? ascending[Math.floor(middle)]
      : (ascending[middle - 1] + ascending[middle]) / 2;
  return { median, low: quantile(ascending, 0.25), high: quantile(ascending, 0.75) };
}
