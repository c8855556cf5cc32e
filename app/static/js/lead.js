// The lead's page: an outcome fills in what it suggests, digits choose outcomes.
(function () {
  "use strict";

  function field(form, name) { return form.elements.namedItem(name); }

  // What a person has chosen themselves is not overwritten by a suggestion.
  function suggest(form, radio) {
    [["when", "when"], ["status", "status"], ["lost_reason", "reason"]].forEach(function (pair) {
      const one = field(form, pair[0]);
      if (one && !one.dataset.touched) { one.value = radio.dataset[pair[1]] || (pair[0] === "lost_reason" ? "" : one.value); }
    });
    showWhatIsNeeded(document);
  }

  // <div data-shown-when="call_when=date">: fields that only one choice needs.
  function showWhatIsNeeded(root) {
    root.querySelectorAll("[data-shown-when]").forEach(function (part) {
      const pair = part.dataset.shownWhen.split("=");
      const chosen = document.getElementById(pair[0]);
      part.hidden = Boolean(chosen) && chosen.value !== pair[1] && !part.querySelector(".is-faulty");
    });
  }

  document.addEventListener("change", function (event) {
    const form = event.target.closest && event.target.closest("[data-call]");
    if (!form) { return; }
    if (event.target.name === "outcome") { suggest(form, event.target); return; }
    event.target.dataset.touched = "yes";
    showWhatIsNeeded(form);
  });

  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-goto]");
    const there = button && document.querySelector(button.dataset.goto);
    if (!there) { return; }
    const chosen = there.name && there.form && there.form.querySelector("[name='" + there.name + "']:checked");
    (chosen || there).focus();
    const card = there.closest(".card");
    if (card) { card.scrollIntoView({ block: "nearest" }); }
  });

  function isText(element) { return element.matches("textarea, select, input:not([type=radio]):not([type=checkbox])"); }

  // Before keys.js: with the focus in the card 3 is an outcome, elsewhere it plans the next contact.
  document.addEventListener("keydown", function (event) {
    const card = event.target.closest && event.target.closest(".call-card");
    if (!card || event.altKey) { return; }
    const form = card.querySelector("[data-call]");
    if (event.ctrlKey || event.metaKey || isText(event.target)) { return; }
    const radio = form.querySelector("[data-digit='" + event.key + "']");
    if (!radio) { return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    radio.focus();
    radio.click();
  }, true);

  function begin(root) {
    root.querySelectorAll("[data-call]").forEach(function (form) {
      const chosen = form.querySelector("[name=outcome]:checked");
      if (chosen && !field(form, "when").value) { suggest(form, chosen); }
    });
    showWhatIsNeeded(root);
  }
  begin(document);
  document.addEventListener("htmx:afterSettle", function (event) {
    if (event.target.querySelectorAll) { begin(document); }
  });
})();
