// Where formats of numbers end, as lessons.bounds.random_matrices says, and gradients through time.

/** Exponents of two: the largest number, the smallest normal one, the smallest of all. */
export const FORMATS = {
  float16: { most: Math.log2(65504), normal: -14, least: -24 },
  bfloat16: { most: Math.log2(2 - 2 ** -7) + 127, normal: -126, least: -133 },
  float32: { most: Math.log2(2 - 2 ** -23) + 127, normal: -126, least: -149 },
};

/** The first layer whose signal is infinite, or 0, if each multiplies by `factor`; null if none is. */
export function lastLayer(name, factor) {
  if (factor === 1) return null;
  const { most, least } = FORMATS[name];
  const end = factor > 1 ? most : least - 1; // below half of the smallest one all is rounded to 0
  return Math.ceil(Number((end / Math.log2(factor)).toFixed(9)));
}

/** The gradient k steps back, k = 0, 1, …: through a plain RNN, and along the cell of an LSTM. */
export function backInTime(radius, bias, steps) {
  const gate = 1 / (1 + Math.exp(-bias));
  const powers = (base) => Array.from({ length: steps + 1 }, (_, k) => base ** k);
  return { plain: powers(radius), cell: powers(gate), gate };
}
