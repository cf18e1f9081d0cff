// The loops that take the time. Matrices are stored row by row; n is the batch.

/** z = h Wᵀ + b, with h of n × inputs, W of outputs × inputs. */
export function affine(h, weight, bias, z, n, inputs, outputs) {
  for (let i = 0; i < n; i++) {
    const row = i * inputs;
    let o = 0;
    // Four outputs at a time: each input is read once for them.
    for (; o + 4 <= outputs; o += 4) {
      let w = o * inputs;
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let k = 0; k < inputs; k++, w++) {
        const x = h[row + k];
        a += x * weight[w];
        b += x * weight[w + inputs];
        c += x * weight[w + 2 * inputs];
        d += x * weight[w + 3 * inputs];
      }
      const at = i * outputs + o;
      z[at] = a + bias[o];
      z[at + 1] = b + bias[o + 1];
      z[at + 2] = c + bias[o + 2];
      z[at + 3] = d + bias[o + 3];
    }
    for (; o < outputs; o++) {
      let sum = 0;
      for (let k = 0; k < inputs; k++) sum += h[row + k] * weight[o * inputs + k];
      z[i * outputs + o] = sum + bias[o];
    }
  }
}

/** dh = dz W. */
export function backward(dz, weight, dh, n, inputs, outputs) {
  for (let i = 0; i < n; i++) {
    const at = i * outputs;
    let k = 0;
    for (; k + 4 <= inputs; k += 4) {
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let o = 0, w = k; o < outputs; o++, w += inputs) {
        const x = dz[at + o];
        a += x * weight[w];
        b += x * weight[w + 1];
        c += x * weight[w + 2];
        d += x * weight[w + 3];
      }
      const to = i * inputs + k;
      dh[to] = a;
      dh[to + 1] = b;
      dh[to + 2] = c;
      dh[to + 3] = d;
    }
    for (; k < inputs; k++) {
      let sum = 0;
      for (let o = 0; o < outputs; o++) sum += dz[at + o] * weight[o * inputs + k];
      dh[i * inputs + k] = sum;
    }
  }
}

/** dW = dzᵀ h and db = the sum of dz over the batch. */
export function gradients(dz, h, dWeight, dBias, n, inputs, outputs) {
  for (let o = 0; o < outputs; o++) {
    let total = 0;
    for (let i = 0; i < n; i++) total += dz[i * outputs + o];
    dBias[o] = total;
    let k = 0;
    for (; k + 4 <= inputs; k += 4) {
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let i = 0, z = o, x = k; i < n; i++, z += outputs, x += inputs) {
        const e = dz[z];
        a += e * h[x];
        b += e * h[x + 1];
        c += e * h[x + 2];
        d += e * h[x + 3];
      }
      const to = o * inputs + k;
      dWeight[to] = a;
      dWeight[to + 1] = b;
      dWeight[to + 2] = c;
      dWeight[to + 3] = d;
    }
    for (; k < inputs; k++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += dz[i * outputs + o] * h[i * inputs + k];
      dWeight[o * inputs + k] = sum;
    }
  }
}

/**
 * The L2 norm of the first `count` numbers; NaN or Infinity if one of them is.
 * The largest one is taken out first where a square would overflow or vanish.
 */
export function norm(values, count = values.length) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[i] * values[i];
  if (sum > 1e-280 && sum < 1e300) return Math.sqrt(sum);
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const a = Math.abs(values[i]);
    if (!(a < Infinity)) return a;
    if (a > largest) largest = a;
  }
  if (largest === 0) return 0;
  sum = 0;
  for (let i = 0; i < count; i++) sum += (values[i] / largest) ** 2;
  return largest * Math.sqrt(sum);
}
