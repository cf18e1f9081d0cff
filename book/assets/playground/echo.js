// The error as it arrives at a layer, averaged over a batch: 64 numbers, a picture of 8 × 8.

import { Net } from "./net.js";

/** The mean of ∂C/∂h for what each layer of the net gets, layer 1 first: at layer 1 it is pixels. */
export function arriving(net, x, labels) {
  net.forward(x, labels.length);
  net.loss(labels);
  net.backward();
  // dBias is the sum over the batch of ∂C/∂z (the loss is a mean); W hands it on to the layer's input.
  return net.layers.map(({ dBias, weight, inputs, outputs }) => {
    const picture = new Float64Array(inputs);
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < inputs; i++) picture[i] += dBias[o] * weight[o * inputs + i];
    }
    return picture;
  });
}

export const length = (v) => Math.sqrt(v.reduce((sum, value) => sum + value * value, 0));

/** The cosine of the angle between two pictures. */
export const cosine = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0) / (length(a) * length(b));

/** A net of the course's three, by the names of lessons.networks. */
export function patient(name, seed = 0) {
  const how = {
    vanishing: { activation: "sigmoid", initialization: "xavier" },
    healthy: { activation: "relu", initialization: "he" },
    exploding: { activation: "tanh", initialization: "normal" },
  }[name];
  return new Net({ depth: 20, width: 64, gain: 1, norm: "none", skip: "none", seed, ...how });
}
