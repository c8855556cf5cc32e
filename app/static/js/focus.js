// When htmx replaces the part in which the focus stands, the focus goes to what stands there now.
(function () {
  "use strict";
  const ROW = "tr[data-row], .board-card";
  let sender = null; // what had the focus when it was asked for; a button is disabled meanwhile
  let lost = null; // what had the focus, while its part is replaced

  // The row's own name: its id, else the record it opens.
  function placeOf(row) {
    const link = row.querySelector("a[href]");
    if (row.id) { return "#" + CSS.escape(row.id); }
    return link && "tr:has(a[href=\"" + CSS.escape(link.getAttribute("href")) + "\"])";
  }

  function selectorsOf(element) {
    const found = [];
    const row = element.closest(ROW);
    const place = row && placeOf(row);
    const name = element.name && "[name=\"" + CSS.escape(element.name) + "\"]" +
      (element.matches("button") && element.value ? "[value=\"" + CSS.escape(element.value) + "\"]" : "");
    const link = element.matches("a[href]") && "a[href=\"" + CSS.escape(element.getAttribute("href")) + "\"]";
    const form = element.matches("[type=submit]") && element.form && element.form.getAttribute("action");
    const key = element.dataset.key && "[data-key=\"" + CSS.escape(element.dataset.key) + "\"]";
    if (element.id) { found.push("#" + CSS.escape(element.id)); }
    if (place && element !== row) { [name, key].forEach(function (own) { if (own) { found.push(place + " " + own); } }); }
    if (place) { found.push(place); }
    if (!row) { [name, key, link].forEach(function (own) { if (own) { found.push(own); } }); }
    if (!row && form) { found.push("form[action=\"" + CSS.escape(form) + "\"] [type=submit]"); }
    return found;
  }

  function stand(element) {
    if (!element.matches("a[href], button, input, select, textarea, summary, [tabindex]")) { element.tabIndex = -1; }
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("htmx:configRequest", function () {
    if (document.activeElement !== document.body) { sender = document.activeElement; }
  });

  document.addEventListener("htmx:beforeSwap", function (event) {
    const part = event.detail.target;
    const now = document.activeElement;
    const isSender = !now || now === document.body;
    const element = !isSender ? now : sender && sender.isConnected ? sender : null;
    sender = null;
    if (!part || !element) { lost = null; return; }
    // What is replaced besides the part itself loses the focus as well.
    const around = part.contains(element) ? part : element.parentElement.closest("[id]");
    lost = { element: element, isSender: isSender, selectors: selectorsOf(element), part: around ? around.id : "" };
  });

  document.addEventListener("htmx:afterSettle", function () {
    const was = lost;
    lost = null;
    const now = document.activeElement;
    if (!was || (now && now !== document.body && now.isConnected)) { return; }
    // It still stands there: somebody has left it meanwhile, while numbers in the menu came, say.
    if (was.element.isConnected && !was.isSender) { return; }
    const part = (was.part && document.getElementById(was.part)) || document.getElementById("main");
    const same = was.selectors.map(function (one) { return part.querySelector(one) || document.querySelector(one); })
      .find(function (one) { return one && !one.disabled && one.getClientRects().length > 0; });
    const place = same || part.querySelector("h1, h2, h3, h4") || part;
    if (place) { stand(place); }
  });
})();
