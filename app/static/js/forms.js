// Small comforts; every page works without them.
(function () {
  "use strict";
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (form.matches("[data-clean]")) { // empty filters do not clutter the address
      form.querySelectorAll("input, select").forEach(function (field) {
        if (!field.value) { field.disabled = true; }
      });
      form.querySelectorAll("[data-picker]").forEach(function (box) { // the id says it all
        const was = box.querySelector("[data-picker-was]");
        const text = box.querySelector("[data-picker-text]");
        if (text.value === was.value) { was.disabled = text.disabled = true; }
      });
      window.setTimeout(function () {
        form.querySelectorAll(":disabled").forEach(function (field) { field.disabled = false; });
      });
    }
    if (form.method === "post") { // a second click is harmless (the form's key), but confusing
      window.setTimeout(function () {
        form.querySelectorAll("button[type=submit]").forEach(function (b) { b.disabled = true; });
      });
    }
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[method=post] button[type=submit]:disabled")
      .forEach(function (button) { button.disabled = false; });
  });
  document.addEventListener("change", function (event) {
    const all = event.target.closest("[data-check-all]");
    if (all) {
      all.closest("form").querySelectorAll("input[name=rowid]")
        .forEach(function (box) { box.checked = all.checked; });
    }
  });
})();
