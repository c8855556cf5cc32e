// Ticked rows: kept while one pages through a list, ranges by Shift, the head's box for the page.
// Without this script the rows of one page can be ticked and sent.
(function () {
  "use strict";
  const PLACE = /^(page_|psize_|_oc_|_od_)/;
  let latest = null; // the box that was ticked last, for Shift

  function bar() { return document.querySelector("[data-bulk]"); }
  function boxes() { return Array.from(document.querySelectorAll("input[name=rowid][type=checkbox]")); }

  // One selection for each list and its filters, whatever page or order is open.
  function keyOf(form) {
    const address = new URL(form.action, window.location.href);
    const asked = Array.from(address.searchParams).filter(function (pair) { return !PLACE.test(pair[0]); });
    asked.sort(function (a, b) { return (a[0] + a[1]) < (b[0] + b[1]) ? -1 : 1; });
    return "ticked:" + address.pathname + "?" + new URLSearchParams(asked).toString();
  }

  function read(key) {
    try { return new Set(JSON.parse(window.sessionStorage.getItem(key) || "[]")); } catch (error) { return new Set(); }
  }

  function write(key, ids) {
    try {
      if (ids.size) { window.sessionStorage.setItem(key, JSON.stringify(Array.from(ids))); } else { window.sessionStorage.removeItem(key); }
    } catch (error) { /* no room or no leave: this page's ticks still count */ }
  }

  function forgetAll() {
    try {
      Object.keys(window.sessionStorage).forEach(function (key) {
        if (key.indexOf("ticked:") === 0) { window.sessionStorage.removeItem(key); }
      });
    } catch (error) { /* nothing was kept */ }
  }

  function show(form, ids) {
    const mine = boxes();
    const here = mine.filter(function (box) { return box.checked; }).length;
    const head = document.querySelector("[data-check-all]");
    form.querySelector("[data-bulk-count]").textContent = ids.size.toLocaleString(document.documentElement.lang || "en");
    form.classList.toggle("bulk-open", ids.size > 0);
    if (head) {
      head.checked = mine.length > 0 && here === mine.length;
      head.indeterminate = here > 0 && here < mine.length;
    }
    const all = form.querySelector("[data-bulk-all]");
    if (all && !ids.size) { all.checked = false; }
  }

  function restore() {
    const form = bar();
    if (!form) { return; }
    const ids = read(keyOf(form));
    boxes().forEach(function (box) {
      if (box.checked) { ids.add(box.value); } else { box.checked = ids.has(box.value); }
    });
    show(form, ids);
  }

  function keep() {
    const form = bar();
    if (!form) { return; }
    const key = keyOf(form);
    const ids = read(key);
    boxes().forEach(function (box) { if (box.checked) { ids.add(box.value); } else { ids.delete(box.value); } });
    write(key, ids);
    show(form, ids);
  }

  document.addEventListener("click", function (event) {
    const box = event.target.closest && event.target.closest("input[name=rowid][type=checkbox]");
    if (box) {
      const mine = boxes();
      const from = mine.indexOf(latest), to = mine.indexOf(box);
      if (event.shiftKey && from >= 0 && from !== to) {
        mine.slice(Math.min(from, to), Math.max(from, to) + 1).forEach(function (one) { one.checked = box.checked; });
        keep();
      }
      latest = box;
      return;
    }
    if (event.target.closest && event.target.closest("[data-bulk-clear], [data-reset]")) {
      boxes().forEach(function (one) { one.checked = false; });
      latest = null;
      forgetAll();
      const form = bar();
      if (form) { show(form, new Set()); }
      const first = document.querySelector("[data-check-all]");
      if (first && event.target.closest("[data-bulk-clear]")) { first.focus(); }
    }
  });

  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-check-all]") && bar()) {
      const value = event.target.checked;
      event.stopPropagation(); // once for the page, not once for each box (list.js)
      boxes().forEach(function (box) { box.checked = value; });
      keep();
    } else if (event.target.matches("input[name=rowid][type=checkbox]")) {
      keep();
    }
  }, true);

  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (form.matches("[data-bulk-run]")) { forgetAll(); return; } // the page holds the ids by itself
    if (!form.matches("[data-bulk]")) { return; }
    form.querySelectorAll("[data-bulk-kept]").forEach(function (field) { field.remove(); });
    const here = new Set(boxes().map(function (box) { return box.value; }));
    read(keyOf(form)).forEach(function (id) { // ticked on other pages
      if (here.has(id)) { return; }
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = "rowid";
      field.value = id;
      field.setAttribute("data-bulk-kept", "");
      form.appendChild(field);
    });
  });

  document.addEventListener("DOMContentLoaded", restore);
  window.addEventListener("pageshow", restore);
  document.addEventListener("crm:load", restore); // the list has been replaced (list.js)
})();
