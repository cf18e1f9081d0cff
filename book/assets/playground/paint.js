// A canvas that is as sharp as the screen, and the colours of the page: blue, green, orange.

export const FONT = "12px system-ui, sans-serif";

/** The colours as they stand in the style sheet now; light and dark differ. */
export function palette(element) {
  const style = getComputedStyle(element);
  const read = (name) => style.getPropertyValue(`--pg-${name}`).trim();
  return Object.fromEntries(
    ["vanishing", "exploding", "healthy", "other", "ink", "muted", "line", "paper", "surface"]
      .map((name) => [name, read(name)]),
  );
}

/** A context of the size that the canvas has on the page, cleared; null while it is not shown. */
export function context(canvas) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width || !height) return null;
  const ratio = Math.min(window.devicePixelRatio || 1, 3);
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = FONT;
  return { pen, width, height };
}

/** A colour between two, "#rrggbb" each. */
export function mix(from, to, share) {
  const part = (color, k) => parseInt(color.slice(1 + 2 * k, 3 + 2 * k), 16);
  const one = (k) => Math.round(part(from, k) * (1 - share) + part(to, k) * share);
  return `rgb(${one(0)}, ${one(1)}, ${one(2)})`;
}

/** Green for 0, orange from one power of ten above, blue from one below. */
export function tint(decade, colors) {
  if (Number.isNaN(decade)) return colors.muted;
  const share = Math.min(1, Math.max(0, (Math.abs(decade) - 0.4) / 0.6));
  return mix(colors.healthy, decade < 0 ? colors.vanishing : colors.exploding, share);
}
