// How the first weights are drawn, by the names of lessons.networks.initialization.

export const INITIALIZATIONS = {
  normal: "N(0, 1)",
  xavier: "Xavier",
  he: "He",
  lecun: "LeCun",
  orthogonal: "Orthogonal",
  pytorch: "PyTorch’s default",
};

/** A source of random numbers from a seed: uniform() in [0, 1), normal(), below(n). */
export function random(seed) {
  let state = seed >>> 0;
  // mulberry32
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const normal = () =>
    Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal, below: (n) => Math.floor(uniform() * n) };
}

/** Fill a weight matrix (outputs × inputs, row by row); its mean is 0. */
export function initialize(weight, outputs, inputs, name, gain, source) {
  if (name === "orthogonal") return orthogonal(weight, outputs, inputs, gain, source);
  if (name === "pytorch") {
    const bound = gain / Math.sqrt(inputs);
    for (let i = 0; i < weight.length; i++) weight[i] = bound * (2 * source.uniform() - 1);
    return weight;
  }
  const deviation =
    gain *
    {
      normal: 1,
      xavier: Math.sqrt(2 / (inputs + outputs)),
      he: Math.sqrt(2 / inputs),
      lecun: Math.sqrt(1 / inputs),
    }[name];
  for (let i = 0; i < weight.length; i++) weight[i] = deviation * source.normal();
  return weight;
}

/** Gram–Schmidt, twice for the digits, on the shorter side: rows or columns of length gain. */
function orthogonal(weight, outputs, inputs, gain, source) {
  const [count, size] = [Math.min(outputs, inputs), Math.max(outputs, inputs)];
  const vectors = [];
  while (vectors.length < count) {
    const v = Float64Array.from({ length: size }, source.normal);
    for (let again = 0; again < 2; again++) {
      for (const u of vectors) {
        let dot = 0;
        for (let k = 0; k < size; k++) dot += u[k] * v[k];
        for (let k = 0; k < size; k++) v[k] -= dot * u[k];
      }
      const length = Math.hypot(...v);
      for (let k = 0; k < size; k++) v[k] /= length;
    }
    vectors.push(v);
  }
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      weight[o * inputs + i] = gain * (outputs <= inputs ? vectors[o][i] : vectors[i][o]);
    }
  }
  return weight;
}
