/* Lines edited in place: the first field takes the focus, Esc leaves, the pencil gets the focus back. */
(function () {
  "use strict";

  document.addEventListener("htmx:afterSettle", function (event) {
    var line = event.target.closest ? event.target.closest(".fact") : null;
    if (!line || !line.id) { return; }
    var lost = !document.activeElement || document.activeElement === document.body;
    if (line.classList.contains("fact-open")) {
      var field = line.querySelector(".is-faulty input, .is-faulty select") ||
        line.querySelector("input:not([type=hidden]), select, textarea");
      if (field) { field.focus(); if (field.select) { field.select(); } }
    } else if (lost || document.activeElement === line) {
      var pencil = line.querySelector(".fact-edit");
      if (pencil) { pencil.focus(); }
    }
  });

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape" || !event.target.closest) { return; }
    var line = event.target.closest(".fact-open");
    var leave = line && line.querySelector("[data-leave]");
    if (leave) { event.preventDefault(); event.stopPropagation(); leave.click(); }
  });
})();
