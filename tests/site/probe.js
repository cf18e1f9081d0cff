// What the browser tests ask of a page. Loaded before the page's own scripts.
"use strict";

const WIDGETS = 'script[type="application/vnd.jupyter.widget-view+json"]';

// The sum of what moved without the reader's doing, from the first moment on.
let shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });

window.probe = {
  // Wait until fonts, formulas and widgets are drawn.
  async finished() {
    await document.fonts.ready;
    if (window.MathJax?.startup?.promise) await window.MathJax.startup.promise;
    const widgets = document.querySelectorAll(WIDGETS).length;
    for (let tries = 0; tries < 400; tries++) {
      if (document.querySelectorAll(".lessons-explore-figure img").length >= widgets) break;
      await new Promise((done) => setTimeout(done, 25));
    }
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  },

  // Colours fade from one mode to the other: wait until they have arrived.
  async still() {
    await Promise.all(document.getAnimations().map((animation) => animation.finished));
  },

  content() {
    return {
      language: document.documentElement.lang,
      overflow: document.documentElement.scrollWidth - window.innerWidth,
      titles: document.querySelectorAll("h1:not(.onlyprint h1)").length,
      widgets: document.querySelectorAll(WIDGETS).length,
      explorers: document.querySelectorAll(".lessons-explore").length,
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
    if (control.tagName === "SELECT") {
      return control.selectedIndex === control.options.length - 1 ? "ArrowUp" : "ArrowDown";
    }
    return control.ariaValueNow === control.ariaValueMax ? "ArrowLeft" : "ArrowRight";
  },

  control(control) {
    const box = control.closest(".widget-inline-hbox");
    const text = (selector) => box.querySelector(selector)?.textContent.trim() ?? "";
    return {
      label: text(".widget-label"),
      readout: text(".widget-readout"),
      name: control.ariaLabel || control.labels?.[0]?.textContent.trim(),
      value: control.getAttribute("aria-valuetext"),
      slider: control.getAttribute("role") === "slider",
      focused: control === document.activeElement && control.matches(":focus-visible"),
      outline: getComputedStyle(control).outlineStyle,
    };
  },
};
