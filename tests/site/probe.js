// What the browser tests ask of a page. Loaded before the page's own scripts.
"use strict";

// The sum of what moved without the reader's doing, from the first moment on.
let shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });

window.probe = {
  // Wait until fonts and pictures are there.
  async finished() {
    await document.fonts.ready;
    // Pictures further down load when the reader comes near; here nobody comes.
    for (const image of document.images) image.loading = "eager";
    await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  },

  // Colours fade from one mode to the other: wait until they have arrived.
  async still() {
    await Promise.all(document.getAnimations().map((animation) => animation.finished));
  },

  // Mark one text of each look: what a colour test sees of a text is its colour, size and weight,
  // what is behind it, and for a link the text around it. Returns how many looks there are.
  looks() {
    const seen = new Set();
    for (const marked of document.querySelectorAll("[data-look]")) delete marked.dataset.look;
    for (const element of document.body.querySelectorAll("*")) {
      const texts = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
      if (element.closest("pre") || !texts.some((node) => node.data.trim())) continue;
      const { color, fontSize, fontWeight, textDecorationLine } = getComputedStyle(element);
      const look = [color, fontSize, fontWeight, textDecorationLine];
      const link = element.closest("a"); // its text may be in a span
      if (link) look.push(getComputedStyle(link.parentElement).color);
      for (let behind = element; behind; behind = behind.parentElement) {
        const { backgroundColor, backgroundImage, opacity } = getComputedStyle(behind);
        look.push(backgroundColor, backgroundImage, opacity);
      }
      const key = look.join();
      if (seen.has(key)) continue;
      seen.add(key);
      for (const marked of [element, link]) if (marked) marked.dataset.look = seen.size;
    }
    return seen.size;
  },

  // By how many pixels the page is wider than the screen.
  overflow() {
    return document.documentElement.scrollWidth - window.innerWidth;
  },

  content() {
    return {
      language: document.documentElement.lang,
      overflow: this.overflow(),
      titles: document.querySelectorAll("h1:not(.onlyprint h1)").length,
      widgets: document.querySelectorAll("script[type*=widget], .tqdm, progress").length,
      stops: document.querySelectorAll(".katex [tabindex], mjx-container").length,
      shifts,
      images: [...document.querySelectorAll(".bd-article img")].map((image) => ({
        alt: image.getAttribute("alt"),
        source: image.getAttribute("src").slice(0, 80),
        drawn: image.complete && image.naturalWidth > 0,
      })),
    };
  },

  // Alt text and address of the picture that an explorer shows.
  picture(explorer) {
    const image = explorer.querySelector(".lessons-explore-figure img");
    return image && [image.alt, image.src];
  },

  // The explorer's height in each painted frame until another picture is there, and a little on.
  async heights(explorer) {
    const alt = () => explorer.querySelector(".lessons-explore-figure img")?.alt;
    const old = alt();
    const seen = [];
    for (let after = 0; after < 6 && seen.length < 600; after += ![undefined, old].includes(alt())) {
      seen.push(explorer.getBoundingClientRect().height);
      await new Promise(requestAnimationFrame);
    }
    return seen;
  },

  // The key for a control's next value, or for the one before it at the end.
  key(control) {
    const list = control.tagName === "SELECT";
    const [now, last] = list
      ? [control.selectedIndex, control.options.length - 1]
      : [Number(control.value), Number(control.max)];
    return `Arrow${now === last ? (list ? "Up" : "Left") : list ? "Down" : "Right"}`;
  },

  control(control) {
    return {
      label: control.labels[0]?.textContent.trim() ?? "",
      readout: control.parentElement.querySelector(".lessons-value")?.textContent.trim(),
      value: control.getAttribute("aria-valuetext"),
      slider: control.type === "range",
      focused: control === document.activeElement && control.matches(":focus-visible"),
      outline: getComputedStyle(control).outlineStyle,
    };
  },
};
