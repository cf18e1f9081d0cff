// Small repairs to what the theme leaves open. Nothing here is needed to read a page, and nothing
// asks another host.
"use strict";

// Paper is white: print in the light colours, then go back.
const paper = window.matchMedia("print");
paper.addEventListener("change", () => {
  const page = document.documentElement.dataset;
  if (paper.matches) [page.onScreen, page.theme] = [page.theme, "light"];
  else page.theme = page.onScreen;
});

// Nobody can unfold paper: print solutions open. (Newer browsers obey the style sheet in this.)
const folded = new Set();
window.addEventListener("beforeprint", () => {
  for (const box of document.querySelectorAll(".bd-article details:not(.hide, [open])")) {
    folded.add(box);
    box.open = true;
  }
});
window.addEventListener("afterprint", () => {
  for (const box of folded) box.open = false;
  folded.clear();
});

document.addEventListener("DOMContentLoaded", () => {
  // The logo stands outside every landmark.
  const brand = document.querySelector(".bd-sidebar-primary .navbar-brand")?.parentElement;
  brand?.setAttribute("role", "navigation");
  brand?.setAttribute("aria-label", "Home");

  // A formula that is wider than its box scrolls, and is reached by keyboard; others are no stop.
  const watcher = new IntersectionObserver((seen) => {
    for (const { target: box } of seen) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  });
  for (const box of document.querySelectorAll(".bd-article div.math")) watcher.observe(box);
});
