// When htmx replaces the part in which the focus stands, the focus goes to what stands there now.
(function () {
  "use strict";
  let lost = null; // what had the focus, while its part is replaced

  function selectorsOf(element) {
    const found = [];
    const row = element.closest("[data-row], [data-card]");
    if (element.id) { found.push("#" + CSS.escape(element.id)); }
    if (row) {
      const kind = row.hasAttribute("data-row") ? "data-row" : "data-card";
      const place = "[" + kind + "=\"" + CSS.escape(row.getAttribute(kind)) + "\"]";
      if (element !== row && element.name) { found.push(place + " [name=\"" + CSS.escape(element.name) + "\"]"); }
      found.push(place);
    } else if (element.name) {
      found.push("[name=\"" + CSS.escape(element.name) + "\"]");
    }
    return found;
  }

  function stand(element) {
    if (!element.matches("a[href], button, input, select, textarea, summary, [tabindex]")) { element.tabIndex = -1; }
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("htmx:beforeSwap", function (event) {
    const part = event.detail.target;
    const element = document.activeElement;
    lost = part && element && element !== document.body && part.contains(element)
      ? { selectors: selectorsOf(element), part: part.id } : null;
  });

  document.addEventListener("htmx:afterSettle", function () {
    const was = lost;
    lost = null;
    const now = document.activeElement;
    if (!was || (now && now !== document.body && now.isConnected)) { return; }
    const part = (was.part && document.getElementById(was.part)) || document.getElementById("main");
    const same = was.selectors.map(function (one) { return part.querySelector(one) || document.querySelector(one); })
      .find(function (one) { return one && !one.disabled && one.getClientRects().length > 0; });
    const place = same || part.querySelector("h1, h2, h3, h4") || part;
    if (place) { stand(place); }
  });
})();
