// What is seen, in words and numbers: for the eye beside the pictures, and for screen readers.

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

/** "10⁻¹¹" for an exponent of -11. */
export const power = (exponent) => `10${[...String(exponent)].map((c) => RAISED[c]).join("")}`;

/** A positive number of any size, short: "0.42", "37", "3·10⁻⁹"; 0, inf and nan as they are. */
export function short(value) {
  if (Number.isNaN(value) || value === undefined) return "nan";
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return "inf";
  if (value >= 0.01 && value < 9999.5) return String(Number(value.toPrecision(2)));
  const exponent = Math.floor(Math.log10(value));
  const digit = Math.round(value / 10 ** exponent);
  return digit === 10 ? power(exponent + 1) : digit === 1 ? power(exponent) : `${digit}·${power(exponent)}`;
}

/** How many powers of ten layer l's error signal is above that of the last layer. */
export function decades(layers, l) {
  return Math.log10(layers[l].error / layers.at(-1).error);
}

/** "vanishing", "healthy" or "exploding", as on the first page; "broken" where nothing is a number. */
export function health(decade) {
  if (Number.isNaN(decade) || decade === Infinity) return "broken";
  return decade < -1 ? "vanishing" : decade > 1 ? "exploding" : "healthy";
}

const WHERE = {
  forward: (l) => `on the way forward, in layer ${l}`,
  backward: (l) => `on the way back, in layer ${l}`,
  weights: (l) => `in the weights of layer ${l}`,
  loss: () => "in the loss",
};

/** What happened when numbers stopped being numbers. */
export function breakdown({ step, where, layer, kind }, precision) {
  const what = kind === "inf" ? `a number too large for ${precision}` : "nan, not a number,";
  return `Broken at step ${step}. It began ${WHERE[where](layer)}: ${what} stood there first. Training stops here.`;
}

/** One or two sentences on the state of the net. */
export function verdict({ layers, broken }, settings) {
  if (broken) return breakdown(broken, settings.precision);
  const last = layers.length;
  const first = layers[0].error;
  const end = layers.at(-1).error;
  if (last === 1) return "One layer: nothing can vanish on the way.";
  const deadest = layers.reduce((most, layer, l) => (layer.dead > layers[most].dead ? l : most), 0);
  const dead = layers[deadest].dead;
  const word = ["sigmoid", "tanh"].includes(settings.activation) ? "saturated" : "dead";
  if (end === 0) return "Every answer of the batch is right and as sure as numbers can be: there is no error to send back.";
  if (first === 0) {
    const why = dead === 1
      ? `In layer ${deadest + 1} every neuron is ${word}: its slope is 0 for every digit of the batch.`
      : `${settings.precision} has no number so small.`;
    return `Of the error signal nothing arrives at layer 1. ${why}`;
  }
  const decade = decades(layers, 0);
  const state = {
    vanishing: "it vanishes",
    healthy: "healthy",
    exploding: "it explodes",
    broken: "broken",
  }[health(decade)];
  const share = `The error signal is ${short(end)} at layer ${last} and ${short(first)} at layer 1: ${state}.`;
  const some = dead >= 0.5 ? ` In layer ${deadest + 1}, ${Math.round(100 * dead)} % of the neurons are ${word}.` : "";
  return share + some;
}

/** The numbers of one layer. */
export function layerWords(layers, l) {
  const { signal, error, gradient, update, dead } = layers[l];
  const parts = [
    `it gets a signal of size ${short(signal)}`,
    `error signal ${short(error)}`,
    `gradient of its weights ${short(gradient)}`,
  ];
  if (Number.isFinite(update)) parts.push(`last update : weights ${short(update)}`);
  if (dead > 0) parts.push(`${Math.round(100 * dead)} % of its neurons without a slope`);
  return `Layer ${l + 1}: ${parts.join(", ")}.`;
}
