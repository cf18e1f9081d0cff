// What random layers of two neurons make of a circle: their Jacobians multiplied, layer by layer.

import { initialize, random } from "./initialization.js";

export const LAYERS = 20;
/** Kinds of layers; the gain of "needle" is the one at which the long axis keeps its length. */
export const KINDS = {
  shrinks: { text: "orthogonal × 0.8", name: "orthogonal", gain: 0.8 },
  needle: { text: "Gaussian", name: "lecun", gain: Math.exp(0.5772156649015329 / 2) },
  round: { text: "orthogonal", name: "orthogonal", gain: 1 },
};

/** The products of 0, 1, … 20 Jacobians, each [a, b, c, d] for the rows (a, b) and (c, d). */
export function products(kind, seed = 0) {
  const source = random(seed + 7);
  const { name, gain } = KINDS[kind];
  const found = [[1, 0, 0, 1]];
  for (let layer = 0; layer < LAYERS; layer++) {
    const [a, b, c, d] = initialize(new Float64Array(4), 2, 2, name, gain, source);
    const [e, f, g, h] = found.at(-1);
    found.push([a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h]);
  }
  return found;
}

/** The half-axes of the ellipse that a matrix makes of the circle: its singular values. */
export function axes([a, b, c, d]) {
  const plus = Math.hypot(a + d, b - c);
  const minus = Math.hypot(a - d, b + c);
  const long = (plus + minus) / 2;
  return [long, Math.abs(a * d - b * c) / long]; // no difference of two large numbers
}
