// Batch and layer normalization with γ and β, forward and back (see lessons.fixes.batch_norm).

const EPSILON = 1e-5;

// Both divide by the deviation along a line: a column (over the batch) or a row (over neurons).
function lines(kind, n, size) {
  return kind === "batch"
    ? { count: size, length: n, start: 1, step: size }
    : { count: n, length: size, start: size, step: 1 };
}

/** y = γ x̂ + β; keeps x̂ and 1/deviation of each line for the way back. */
export function normalize(kind, z, y, n, size, { gamma, beta, hat, scale }) {
  const { count, length, start, step } = lines(kind, n, size);
  for (let line = 0; line < count; line++) {
    const from = line * start;
    let mean = 0;
    for (let k = 0, i = from; k < length; k++, i += step) mean += z[i];
    mean /= length;
    let variance = 0;
    for (let k = 0, i = from; k < length; k++, i += step) variance += (z[i] - mean) ** 2;
    const s = (scale[line] = 1 / Math.sqrt(variance / length + EPSILON));
    for (let k = 0, i = from; k < length; k++, i += step) {
      hat[i] = (z[i] - mean) * s;
      y[i] = gamma[i % size] * hat[i] + beta[i % size];
    }
  }
}

/** Turn dy into dz in place; fill dGamma and dBeta. */
export function normalizeBack(kind, d, n, size, { gamma, hat, scale, dGamma, dBeta }) {
  for (let o = 0; o < size; o++) {
    let [sum, product] = [0, 0];
    for (let i = o; i < n * size; i += size) {
      sum += d[i];
      product += d[i] * hat[i];
    }
    dBeta[o] = sum;
    dGamma[o] = product;
  }
  const { count, length, start, step } = lines(kind, n, size);
  for (let line = 0; line < count; line++) {
    const from = line * start;
    let [mean, along] = [0, 0];
    for (let k = 0, i = from; k < length; k++, i += step) {
      const g = d[i] * gamma[i % size];
      mean += g;
      along += g * hat[i];
    }
    mean /= length;
    along /= length;
    for (let k = 0, i = from; k < length; k++, i += step) {
      d[i] = scale[line] * (d[i] * gamma[i % size] - mean - hat[i] * along);
    }
  }
}
