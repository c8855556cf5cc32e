// Lists: a filter applies at once, pages and views change in place, and the address always says what is shown.
// Every part is links and forms of its own; this script only spares the reload. <div data-list="#a #b"> names the
// parts that an answer replaces.
(function () {
  "use strict";
  const root = document.documentElement;
  const WAIT = 300; // ms after the last key
  let asking = null, timer = 0;
  root.classList.add("js");

  const list = function () { return document.querySelector("[data-list]"); };
  function parts() {
    const named = list() && list().dataset.list;
    return (named || "#list-head #list-filters #list-rows").split(" ");
  }

  // -- asking
  function go(address, how) {
    if (asking) { asking.abort(); }
    const mine = asking = new AbortController();
    const rows = document.querySelector(parts()[parts().length - 1]);
    if (rows) { rows.setAttribute("aria-busy", "true"); }
    fetch(address, { credentials: "same-origin", signal: mine.signal, headers: { Accept: "text/html" } })
      .then(function (answer) {
        const there = new URL(answer.url);
        if (!answer.ok || there.pathname !== window.location.pathname) { window.location.assign(address); return null; }
        return answer.text().then(function (text) { show(text, there, how || {}); });
      })
      .catch(function (error) {
        if (error.name === "AbortError") { return; }
        if (rows) { rows.removeAttribute("aria-busy"); }
        if (window.crm) { window.crm.say(document.body.dataset.offline || String(error), "danger"); }
      });
  }

  function show(text, there, how) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const held = document.activeElement;
    const live = held && held.matches && held.matches("[data-live]") ? held : null;
    const range = live && live.type !== "date" ? [live.selectionStart, live.selectionEnd] : null;
    const open = Array.from(document.querySelectorAll("[data-list] details[open][id]"))
      .filter(function (one) { return how.keep || one.contains(held); })
      .map(function (one) { return one.id; });
    if (!parts().every(function (part) { return page.querySelector(part); })) { window.location.assign(there); return; }
    parts().forEach(function (part) {
      const fresh = document.importNode(page.querySelector(part), true);
      document.querySelector(part).replaceWith(fresh);
      if (window.htmx) { window.htmx.process(fresh); }
      fresh.dispatchEvent(new CustomEvent("crm:load", { bubbles: true }));
    });
    document.title = page.title;
    if (how.push !== false && there.href !== window.location.href) { window.history.pushState({ list: true }, "", there); }
    open.forEach(function (id) { const one = document.getElementById(id); if (one) { one.open = true; } });
    if (live && live.id && document.getElementById(live.id)) { // what is being typed stays, with the caret
      document.getElementById(live.id).replaceWith(live);
      live.focus({ preventScroll: true });
      if (range && live.setSelectionRange) { try { live.setSelectionRange(range[0], range[1]); } catch (_no) { /* a field without a caret */ } }
    } else if (held && held.id && document.getElementById(held.id)) {
      document.getElementById(held.id).focus({ preventScroll: true });
    } else if (how.focus && document.querySelector(how.focus)) {
      document.querySelector(how.focus).focus({ preventScroll: true });
    }
    const told = page.querySelector("#status");
    const words = told && told.querySelector(".told-text") || document.querySelector("#list-count, .empty-title");
    const status = document.getElementById("status");
    if (told && told.children.length && status) { status.replaceChildren.apply(status, Array.from(told.children)); }
    else if (words && how.tell !== false) { tell(words.textContent); }
    if (how.top) { window.scrollTo(0, 0); }
  }

  // How many were found is spoken, not shown a second time.
  function tell(text) {
    let line = document.getElementById("list-told");
    if (!line) {
      line = document.createElement("div");
      line.id = "list-told";
      line.className = "visually-hidden";
      line.setAttribute("role", "status");
      document.getElementById("main").appendChild(line);
    }
    line.textContent = text;
  }

  // -- forms: what is empty or said twice does not clutter the address
  function addressOf(form, button) {
    const sent = new URLSearchParams();
    const doubled = new Set();
    form.querySelectorAll("[data-picker]").forEach(function (box) {
      const was = box.querySelector("[data-picker-was]"), text = box.querySelector("[data-picker-text]");
      doubled.add(was.name);
      if (text.value === was.value) { doubled.add(text.name); }
    });
    new FormData(form, button || null).forEach(function (value, name) {
      if (value && !doubled.has(name)) { sent.append(name, value); }
    });
    const query = sent.toString();
    return (form.getAttribute("action") || window.location.pathname) + (query ? "?" + query : "");
  }

  function isHere(form) { return form && form.matches("form[data-list-form]") && form.closest("[data-list]"); }

  document.addEventListener("submit", function (event) {
    if (!isHere(event.target)) { return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    window.clearTimeout(timer);
    go(addressOf(event.target, event.submitter), { keep: true });
  }, true);

  document.addEventListener("change", function (event) {
    const form = event.target.form;
    if (!isHere(form) || event.target.matches("[data-live]:not([type=date])")) { return; }
    if (event.target.matches("[data-stays]")) { event.target.checked = true; return; }
    window.clearTimeout(timer);
    const wait = event.target.type === "date" ? WAIT : 0;
    timer = window.setTimeout(function () { go(addressOf(form), { keep: true }); }, wait);
  });

  document.addEventListener("input", function (event) {
    if (!event.target.matches("[data-live]:not([type=date])") || !isHere(event.target.form) || event.isComposing) { return; }
    const form = event.target.form;
    window.clearTimeout(timer);
    timer = window.setTimeout(function () { go(addressOf(form), { keep: true }); }, WAIT);
  });

  // -- links within the list, and the whole row as a larger target of its link
  document.addEventListener("click", function (event) {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) { return; }
    const link = event.target.closest("a[href]");
    if (link) {
      const there = new URL(link.href);
      const mine = link.closest("[data-list]") && there.origin === window.location.origin &&
        there.pathname === window.location.pathname && !link.hash && !link.hasAttribute("download");
      if (!mine) { return; }
      event.preventDefault();
      const isPage = link.rel === "next" || link.rel === "prev";
      go(link.href, { top: isPage, focus: isPage ? ".row-link" : "#list-head [aria-current]" });
      return;
    }
    const row = event.target.closest("[data-list] .crm-list tbody tr");
    if (!row || event.target.closest("button, input, label, summary, details, form")) { return; }
    if (String(window.getSelection())) { return; } // somebody marks a text to copy it
    const own = row.querySelector("a.row-link");
    if (own) { own.click(); }
  });

  document.addEventListener("change", function (event) {
    if (!event.target.matches("[data-check-all]")) { return; }
    event.target.closest("table").querySelectorAll("input[name=rowid]").forEach(function (box) {
      if (box.checked !== event.target.checked) {
        box.checked = event.target.checked;
        box.dispatchEvent(new Event("change", { bubbles: true }));
      }
    });
  });

  // -- what does not fit: a table scrolls in its own box, which the keyboard reaches; a cut text is told whole
  function fit() {
    document.querySelectorAll(".list-page").forEach(function (box) {
      const table = box.querySelector("table");
      const isWide = table.scrollWidth > box.clientWidth + 1;
      box.classList.toggle("list-wide", isWide);
      if (isWide) {
        box.tabIndex = 0;
        box.setAttribute("role", "region");
        box.setAttribute("aria-label", table.caption.textContent);
      } else {
        ["tabindex", "role", "aria-label"].forEach(function (name) { box.removeAttribute(name); });
      }
    });
  }
  fit();
  window.addEventListener("resize", fit);
  document.addEventListener("crm:load", fit);

  document.addEventListener("pointerover", function (event) {
    const cell = event.target.closest && event.target.closest(".crm-list td");
    if (cell && !cell.title && cell.scrollWidth > cell.clientWidth) { cell.title = cell.textContent.trim(); }
  });

  window.addEventListener("popstate", function () {
    if (list()) { go(window.location.href, { push: false, tell: false }); }
  });
})();
