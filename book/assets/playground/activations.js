// The activation functions, by the names of lessons.activations: f and its slope, of one number.

const LEAKY_SLOPE = 0.01;
const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

// Each side keeps its digits where exp of the other one would overflow.
const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

/** The error function: a series of positive terms near 0, a continued fraction further out. */
export function erf(x) {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  const bell = Math.exp(-a * a) / Math.sqrt(Math.PI);
  if (a > 3) {
    let fraction = 0;
    for (let k = 60; k > 0; k--) fraction = k / 2 / (a + fraction);
    return Math.sign(x) * (1 - bell / (a + fraction));
  }
  let term = 2 * a;
  let sum = term;
  for (let k = 1; term > 1e-17 * sum; k++) sum += term *= (2 * a * a) / (2 * k + 1);
  return Math.sign(x) * bell * sum || x; // NaN stays NaN
}

const normal = (x) => (1 + erf(x / Math.SQRT2)) / 2;
const density = (x) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

const { fround } = Math;

/** `rounded`: the slope in float32 as PyTorch takes it from f(x): 0 as soon as f(x) rounds to 1. */
export const ACTIVATIONS = {
  sigmoid: {
    label: "Sigmoid",
    f: sigmoid,
    slope: (x) => sigmoid(x) * sigmoid(-x),
    rounded: (x) => fround(fround(sigmoid(x)) * fround(1 - fround(sigmoid(x)))),
    steepest: 0.25,
  },
  tanh: {
    label: "Tanh",
    f: Math.tanh,
    slope: (x) => 4 * sigmoid(2 * x) * sigmoid(-2 * x),
    rounded: (x) => fround(1 - fround(fround(Math.tanh(x)) ** 2)),
    steepest: 1,
  },
  // Not x > 0 ? x : 0, which would turn NaN into 0.
  relu: { label: "ReLU", f: (x) => (x <= 0 ? 0 : x), slope: (x) => (x > 0 ? 1 : 0), steepest: 1 },
  leaky_relu: {
    label: "Leaky ReLU",
    f: (x) => (x > 0 ? x : LEAKY_SLOPE * x),
    slope: (x) => (x > 0 ? 1 : LEAKY_SLOPE),
    steepest: 1,
  },
  elu: {
    label: "ELU",
    f: (x) => (x > 0 ? x : Math.expm1(x)),
    slope: (x) => (x > 0 ? 1 : Math.exp(x)),
    steepest: 1,
  },
  selu: {
    label: "SELU",
    f: (x) => SELU_SCALE * (x > 0 ? x : SELU_ALPHA * Math.expm1(x)),
    slope: (x) => SELU_SCALE * (x > 0 ? 1 : SELU_ALPHA * Math.exp(x)),
    steepest: SELU_SCALE * SELU_ALPHA,
  },
  gelu: {
    label: "GELU",
    f: (x) => x * normal(x),
    slope: (x) => normal(x) + x * density(x),
    steepest: 1.1289,
  },
  silu: {
    label: "SiLU",
    f: (x) => x * sigmoid(x),
    slope: (x) => sigmoid(x) * (1 + x * sigmoid(-x)),
    steepest: 1.0998,
  },
  softplus: {
    label: "Softplus",
    f: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    slope: sigmoid,
    steepest: 1,
  },
  identity: { label: "Identity", f: (x) => x, slope: () => 1, steepest: 1 },
};
