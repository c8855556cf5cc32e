// Single keys: what an element with data-key or data-go does, its key does; rows are walked by J and K.
(function () {
  "use strict";
  const root = document.documentElement;
  const ROW = "tr[data-row], .board-card";
  const NO_TEXT = ["checkbox", "radio", "button", "submit", "reset", "file", "image", "range", "color"];
  const GO_WITHIN = 1500; // milliseconds between G and the letter of the place
  let goUntil = 0;
  let lastRow = null;

  const areOn = function () { return root.dataset.keys !== "off"; };

  // The key by its Latin letter: what the layout says if that is Latin (Dvorak), else where it lies (Cyrillic).
  function keyOf(event) {
    const key = event.key || "";
    if (key.length !== 1) { return key; }
    if (event.code === "Slash" && key === ".") { return "/"; } // the Russian layout
    if (event.code === "Slash" && key === ",") { return "?"; }
    if (key >= " " && key <= "~") { return key.toLowerCase(); }
    const place = /^(?:Key([A-Z])|Digit([0-9]))$/.exec(event.code || "");
    return place ? (place[1] || place[2]).toLowerCase() : key;
  }

  function isText(element) {
    if (!element || !element.closest) { return false; }
    if (element.closest("dialog:not([open])")) { return false; } // closed a moment ago, the focus still in it
    if (element.isContentEditable) { return true; }
    if (element.matches("input")) { return !NO_TEXT.includes(element.type); }
    return element.matches("textarea, select");
  }

  function modal() {
    return Array.from(document.querySelectorAll("dialog[open]")).find(function (one) { return one.matches(":modal"); });
  }

  function isThere(element) {
    return !element.disabled && element.getAttribute("aria-disabled") !== "true" &&
      !element.closest("[inert], dialog:not([open]), template") &&
      (element.dataset.goTo !== undefined || !element.closest("[hidden]"));
  }

  // -- rows and cards

  function rows() {
    return Array.from(document.querySelectorAll(ROW)).filter(function (row) { return row.getClientRects().length > 0; });
  }

  function rowOf(element) { return element && element.closest ? element.closest(ROW) : null; }

  function move(by) {
    const all = rows();
    if (!all.length) { return false; }
    const at = all.indexOf(rowOf(document.activeElement) || lastRow);
    const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, at + by))];
    if (!next.hasAttribute("tabindex")) { next.tabIndex = -1; }
    next.focus();
    lastRow = next;
    return true;
  }

  function openRow(row) {
    const link = row.querySelector("[data-open-row]") || row.querySelector("a[href]:not([href^='tel:']):not([href^='mailto:'])");
    if (link) { link.click(); }
    return Boolean(link);
  }

  function tick(row) {
    const box = row && row.querySelector("input[type=checkbox]");
    if (box) { box.click(); }
    return Boolean(box);
  }

  // -- elements that have a key

  function press(element) {
    for (let folded = element.parentElement; folded; folded = folded.parentElement) {
      if (folded.matches("details:not([open])") && element !== folded.querySelector("summary") && isText(element)) { folded.open = true; }
    }
    if (isText(element)) { element.focus(); return; }
    if (element.matches("summary, input")) { element.focus(); }
    element.click();
  }

  function elementOf(key, within) {
    const all = Array.from(within.querySelectorAll("[data-key=\"" + CSS.escape(key) + "\"]")).filter(isThere);
    const row = rowOf(document.activeElement) || (lastRow && lastRow.isConnected ? lastRow : null);
    // A row's own key belongs to the row in which the focus stands.
    return all.find(function (one) { return row && row.contains(one); }) ||
      all.find(function (one) { return !rowOf(one); }) ||
      within.querySelector("[data-everywhere=\"" + CSS.escape(key) + "\"]");
  }

  function go(key) {
    const place = Array.from(document.querySelectorAll("[data-go=\"" + CSS.escape(key) + "\"]")).find(isThere);
    if (!place) { return false; }
    if (place.dataset.goTo) { window.location.assign(place.dataset.goTo); } else { place.click(); }
    return true;
  }

  function openDialog(id) {
    const dialog = document.getElementById(id);
    if (!dialog || dialog.open) { return false; }
    dialog.showModal();
    dialog.dispatchEvent(new CustomEvent("crm:open"));
    return true;
  }

  // -- the keys

  function single(event, key, dialog) {
    if (dialog) {
      const own = elementOf(key, dialog);
      if (own) { press(own); }
      return Boolean(own);
    }
    if (event.timeStamp < goUntil) { // when it was pressed, however late a busy page hears of it
      goUntil = 0;
      if (go(key)) { return true; }
    }
    if (key === "/") { return openDialog("search-dialog"); }
    if (key === "?") { return openDialog("keys-dialog"); }
    const pressed = elementOf(key, document);
    if (pressed) { press(pressed); return true; }
    if (key === "g") { goUntil = event.timeStamp + GO_WITHIN; return true; }
    if (key === "j") { return move(1); }
    if (key === "k") { return move(-1); }
    if (key === "x") { return tick(rowOf(document.activeElement)); }
    if (key === "Enter" && event.target.matches(ROW)) { return openRow(event.target); }
    return false;
  }

  function save(event) {
    const form = event.target.form || (event.target.closest && event.target.closest("form"));
    if (!form || form.method === "dialog") { return false; }
    const button = form.querySelector("[data-key=\"ctrl+enter\"]:not([disabled])") ||
      form.querySelector("[type=submit]:not([disabled]), button:not([type]):not([disabled])");
    form.requestSubmit(button || undefined);
    return true;
  }

  document.addEventListener("keydown", function (event) {
    if (event.defaultPrevented || event.isComposing || event.key === "Dead") { return; }
    const key = keyOf(event);
    const control = event.ctrlKey || event.metaKey;
    let done = false;
    if (control && !event.altKey && !event.shiftKey) {
      if (key === "k") {
        const open = modal();
        if (open && open.id === "search-dialog") { open.close(); done = true; }
        else if (!open) { done = openDialog("search-dialog"); }
      }
      else if (key === "Enter" && !event.repeat) { done = save(event); }
    } else if (areOn() && !control && !event.altKey && !event.getModifierState("AltGraph") && !isText(event.target)) {
      const repeats = event.repeat && key !== "j" && key !== "k";
      const shifted = event.shiftKey && /^[a-z]$/.test(key);
      if (!repeats && !shifted) { done = single(event, key, modal()); }
    }
    if (done) { event.preventDefault(); }
  });
  document.addEventListener("focusin", function (event) { lastRow = rowOf(event.target) || lastRow; });

  // -- what the keys are called

  const words = function (key) {
    return key.split("+").map(function (part) { return part.charAt(0).toUpperCase() + part.slice(1); });
  };

  function labelOf(element) {
    const given = element.dataset.keyLabel || element.getAttribute("aria-label");
    if (given) { return given; }
    if (element.labels && element.labels.length) { return element.labels[0].textContent.trim(); }
    const copy = element.cloneNode(true);
    copy.querySelectorAll("kbd, .visually-hidden, [class*=count]").forEach(function (part) { part.remove(); });
    return (copy.textContent.replace(/\s+/g, " ").trim() || element.dataset.keyTitle || element.title || "");
  }

  function tell(within) {
    if (!areOn()) { return; }
    within.querySelectorAll("[data-key]:not([aria-keyshortcuts]), [data-go]:not([data-key-title])").forEach(function (element) {
      const keys = element.dataset.key ? words(element.dataset.key) : ["G", element.dataset.go.toUpperCase()];
      if (element.dataset.key) {
        element.setAttribute("aria-keyshortcuts", keys.join("+").replace("Ctrl", "Control"));
      }
      if (element.querySelector("kbd") || isText(element) || element.closest("[hidden]")) { return; }
      element.dataset.keyTitle = element.title;
      element.title = (element.title || labelOf(element)) + " (" + keys.join(element.dataset.key ? "+" : " ") + ")";
    });
  }

  function line(keys, label) {
    const item = document.createElement("li");
    keys.forEach(function (key) {
      const cap = document.createElement("kbd");
      cap.textContent = key;
      item.append(cap, " ");
    });
    const what = document.createElement("span");
    what.textContent = label;
    item.append(what);
    return item;
  }

  function list() {
    const dialog = document.getElementById("keys-dialog");
    const here = new Map();
    const places = new Map();
    document.querySelectorAll("[data-key]").forEach(function (element) {
      if (isThere(element) && !here.has(element.dataset.key)) { here.set(element.dataset.key, line(words(element.dataset.key), labelOf(element))); }
    });
    document.querySelectorAll("[data-everywhere]").forEach(function (element) {
      const key = element.dataset.everywhere;
      if (!here.has(key)) { here.set(key, line(words(key), labelOf(element))); }
    });
    document.querySelectorAll("[data-go]").forEach(function (element) {
      const key = element.dataset.go;
      if (isThere(element) && !places.has(key)) { places.set(key, line(["G", key.toUpperCase()], labelOf(element))); }
    });
    [["[data-keys-here]", here], ["[data-keys-go]", places]].forEach(function (part) {
      const target = dialog.querySelector(part[0]);
      target.replaceChildren.apply(target, Array.from(part[1].values()));
      target.closest("section").hidden = part[1].size === 0;
    });
    const any = rows();
    dialog.querySelectorAll("[data-keys-rows]").forEach(function (item) { item.hidden = any.length === 0; });
    dialog.querySelectorAll("[data-keys-ticks]").forEach(function (item) {
      item.hidden = !any.some(function (row) { return row.querySelector("input[type=checkbox]"); });
    });
  }

  const dialog = document.getElementById("keys-dialog");
  if (dialog) {
    dialog.addEventListener("crm:open", list);
    dialog.addEventListener("click", function (event) { if (event.target === dialog) { dialog.close(); } });
  }
  tell(document);
  document.addEventListener("htmx:afterSettle", function () { tell(document); });
})();
