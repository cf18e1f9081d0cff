// The loss wall of lessons.loss_wall: one recurrent neuron after 50 steps, its gradient, a descent.

const [STEPS, START, TARGET] = [50, 0.5, 0.7];
const sigmoid = (x) => 0.5 * (1 + Math.tanh(0.5 * x));

/** [loss, ∂C/∂w, ∂C/∂b] at weight w and bias b. */
export function lossAndGradient(w, b) {
  let [x, xw, xb] = [START, 0, 0];
  for (let t = 0; t < STEPS; t++) {
    const s = sigmoid(x);
    const k = w * s * (1 - s);
    [x, xw, xb] = [w * s + b, s + k * xw, 1 + k * xb];
  }
  const s = sigmoid(x);
  const outer = 2 * (s - TARGET) * s * (1 - s);
  return [(s - TARGET) ** 2, outer * xw, outer * xb];
}

/** Where gradient descent goes, [w, b] before the first step and after each; cut to a threshold. */
export function descend(w, b, rate, threshold = Infinity, steps = 45) {
  const path = [[w, b]];
  for (let step = 0; step < steps; step++) {
    const [, dw, db] = lossAndGradient(w, b);
    const factor = Math.min(1, threshold / Math.max(Math.hypot(dw, db), Number.MIN_VALUE));
    [w, b] = [w - rate * factor * dw, b - rate * factor * db];
    path.push([w, b]);
  }
  return path;
}
