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
  // -- a day in words below its field: the browser shows days in the order of its own language
  function sayDay(field) {
    const line = document.querySelector('[data-says="' + field.id + '"]');
    if (!line) { return; }
    const found = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d:\d\d))?/.exec(field.value);
    if (!found) { line.textContent = ""; return; }
    const day = new Date(Date.UTC(found[1], found[2] - 1, found[3]));
    const russian = document.documentElement.lang === "ru";
    const words = new Intl.DateTimeFormat(russian ? "ru" : "en-GB", {
      weekday: "short", day: "numeric", month: "long", year: "numeric", timeZone: "UTC",
    }).format(day);
    line.textContent = words.replace(/^(\w{3}),/, "$1") + (found[4] ? ", " + found[4] : "");
  }
  document.addEventListener("input", function (event) {
    if (event.target.matches("input[type=date], input[type=datetime-local]")) { sayDay(event.target); }
  });

  // -- a record's form that was changed asks before the page is left
  let isLeaving = false; // by its own button, or by "Cancel", which says what it does
  function isChanged(form) {
    return form.dataset.changed === "yes" || form.querySelector(".is-faulty") !== null;
  }
  function notice(event) {
    const form = event.target.form;
    if (form && form.matches("[data-guard]")) { form.dataset.changed = "yes"; }
  }
  document.addEventListener("input", notice);
  document.addEventListener("change", notice);
  document.addEventListener("submit", function (event) {
    if (event.target.matches("[data-guard]")) { isLeaving = true; }
  });
  document.addEventListener("click", function (event) {
    if (event.target.closest && event.target.closest("[data-leave]")) { isLeaving = true; }
  });
  window.addEventListener("pageshow", function () { isLeaving = false; });
  window.addEventListener("beforeunload", function (event) {
    if (!isLeaving && Array.from(document.querySelectorAll("form[data-guard]")).some(isChanged)) {
      event.preventDefault();
    }
  });

  // -- two changed the same: the field whose other value is kept is not for typing
  document.addEventListener("change", function (event) {
    const choice = event.target;
    if (!choice.matches("[data-keep]")) { return; }
    const name = choice.dataset.keep;
    choice.form.querySelectorAll("[name=\"" + name + "\"], [name=\"" + name + "-text\"]").forEach(function (field) {
      field.disabled = choice.value === "now";
    });
  });

  // -- after a refusal the list of faults is what one reads first
  document.addEventListener("DOMContentLoaded", function () {
    const faults = document.querySelector("[data-focus]");
    if (faults) { faults.focus(); }
  });
})();
