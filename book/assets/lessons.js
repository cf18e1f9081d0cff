// Small repairs to what the theme and the widgets leave open. Nothing here is needed to read a page,
// and nothing asks another host.
"use strict";

// The widgets typeset their labels as MathJax 2 did; the page has MathJax 3.
// Registered before the widgets' own listener, so it runs before they are drawn.
window.addEventListener("load", () => {
  const mathjax = (window.MathJax = window.MathJax || {});
  mathjax.Hub = mathjax.Hub || {
    Queue: ([, , element]) => {
      const math = element && /\$|\\\(/.test(element.textContent);
      if (math && mathjax.typesetPromise) mathjax.typesetPromise([element]);
    },
  };
});

// A slider's handle has no name and no value that can be read: take the label and the readout.
function describe(handle) {
  const box = handle.closest(".widget-inline-hbox");
  const text = (selector) => box?.querySelector(selector)?.textContent.trim() || "";
  const give = (name, value) => {
    if (value && handle.getAttribute(name) !== value) handle.setAttribute(name, value);
  };
  give("aria-label", text(".widget-label"));
  give("aria-valuetext", text(".widget-readout"));
}

function describeWidgets() {
  for (const handle of document.querySelectorAll(".noUi-handle[role=slider]")) describe(handle);
  // Say the new figure's alt text when a slider has changed the figure.
  for (const figure of document.querySelectorAll(".lessons-explore-figure:not([aria-live])")) {
    figure.setAttribute("aria-live", "polite");
  }
}

// Paper is white: print in the light colours, then go back.
const paper = window.matchMedia("print");
paper.addEventListener("change", () => {
  const page = document.documentElement.dataset;
  if (paper.matches) [page.onScreen, page.theme] = [page.theme, "light"];
  else page.theme = page.onScreen;
});

document.addEventListener("DOMContentLoaded", () => {
  // The logo stands outside every landmark.
  const brand = document.querySelector(".bd-sidebar-primary .navbar-brand")?.parentElement;
  brand?.setAttribute("role", "navigation");
  brand?.setAttribute("aria-label", "Home");

  const outputs = document.querySelectorAll(".cell_output");
  const watcher = new MutationObserver(describeWidgets);
  const what = { childList: true, subtree: true, attributeFilter: ["aria-valuetext"] };
  for (const output of outputs) {
    if (output.querySelector('script[type="application/vnd.jupyter.widget-view+json"]')) {
      watcher.observe(output, what);
    }
  }
});
