// The search page: load the index when somebody searches, and say what a copy in a folder cannot do.
"use strict";
(() => {
  const { index } = document.currentScript.dataset;
  if (new URLSearchParams(location.search).get("q")) {
    document.head.append(Object.assign(document.createElement("script"), { src: index }));
  }
  if (location.protocol === "file:") {
    const note = document.createElement("p");
    note.style.marginTop = "1rem";
    note.textContent =
      "You opened this site from a folder. The search then finds pages by the words in them, but " +
      "cannot show where: browsers do not let a page in a folder read another one. " +
      "“make serve” shows the site with all of its search.";
    document.getElementById("search-results").before(note);
  }
})();
