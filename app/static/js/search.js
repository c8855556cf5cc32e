// The search dialog: asks the server while one types, and lets the arrow keys walk through what it found.
(function () {
  "use strict";
  const dialog = document.getElementById("search-dialog");
  if (!dialog) { return; }
  const text = document.getElementById("search-text");
  const found = document.getElementById("search-found");
  const status = document.getElementById("search-status");
  const WAIT = 200; // milliseconds after the last letter
  let timer = 0;
  let asking = null; // the request under way
  let shown = null; // the text whose results are shown
  let enterWaits = false; // Enter came before the results did

  const wanted = function () { return text.value.trim().replace(/\s+/g, " "); };
  const options = function () { return Array.from(found.querySelectorAll("[role=option]")); };
  const chosen = function () { return found.querySelector("[role=option][aria-selected=true]"); };

  function choose(option, scroll) {
    const before = chosen();
    if (before) { before.setAttribute("aria-selected", "false"); }
    if (!option) { text.removeAttribute("aria-activedescendant"); return; }
    option.setAttribute("aria-selected", "true");
    text.setAttribute("aria-activedescendant", option.id);
    if (scroll) { option.scrollIntoView({ block: "nearest" }); }
  }

  function say(words) {
    if (status.textContent !== words) { status.textContent = words; }
  }

  function show(html, asked) {
    found.innerHTML = html;
    shown = asked;
    const said = found.querySelector("[data-said]");
    say(said ? said.textContent : "");
    if (said) { said.remove(); }
    text.setAttribute("aria-expanded", String(options().length > 0));
    found.scrollTop = 0;
    choose(options()[0]);
    const go = enterWaits && asked && chosen();
    enterWaits = false;
    // Whoever pressed Enter blindly meant a record; what changes something waits to be seen.
    if (go && go.href) { go.click(); }
  }

  function fail(words) {
    enterWaits = false;
    say(words);
  }

  function ask() {
    window.clearTimeout(timer);
    if (asking) { asking.abort(); }
    const asked = wanted();
    const control = asking = new AbortController();
    found.setAttribute("aria-busy", "true");
    window.fetch(dialog.dataset.found + "?q=" + encodeURIComponent(asked), {
      signal: control.signal, credentials: "same-origin", headers: { "X-Requested-With": "fetch" }
    }).then(function (answer) {
      if (answer.redirected || answer.status === 401) { fail(dialog.dataset.lost); return null; }
      if (!answer.ok) { fail(dialog.dataset.failed); return null; }
      return answer.text();
    }).then(function (html) {
      if (html !== null && asking === control) { show(html, asked); }
    }).catch(function (error) {
      if (error.name !== "AbortError") { fail(dialog.dataset.failed); }
    }).finally(function () {
      if (asking === control) { asking = null; found.removeAttribute("aria-busy"); }
    });
  }

  function opened() {
    text.select();
    text.focus();
    shown = null;
    ask();
  }

  function take(option, event) {
    if (option.dataset.opens) {
      dialog.close();
      const other = document.querySelector(option.dataset.opens);
      other.showModal();
      other.dispatchEvent(new CustomEvent("crm:open"));
    } else if (option.dataset.post) {
      const form = document.getElementById("search-command");
      const token = form.querySelector("[name=csrf_token]");
      const newest = document.querySelector("meta[name=csrf-token]");
      form.querySelectorAll("[data-own]").forEach(function (input) { input.remove(); });
      if (token && newest) { token.value = newest.content; }
      form.action = option.dataset.post;
      Object.entries(JSON.parse(option.dataset.fields)).forEach(function (pair) {
        const input = document.createElement("input");
        input.type = "hidden";
        input.name = pair[0];
        input.value = pair[1];
        input.dataset.own = "";
        form.appendChild(input);
      });
      form.submit();
    } else if (event && (event.ctrlKey || event.metaKey)) {
      option.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ctrlKey: event.ctrlKey, metaKey: event.metaKey }));
    } else {
      option.click();
    }
  }

  function step(by) {
    const all = options();
    if (!all.length) { return; }
    const at = all.indexOf(chosen());
    choose(all[(at + by + all.length) % all.length], true);
  }

  dialog.addEventListener("crm:open", opened);
  dialog.addEventListener("click", function (event) {
    if (event.target === dialog) { dialog.close(); return; } // the backdrop
    const option = event.target.closest("[role=option]");
    if (option && !option.href) { take(option, event); }
  });
  found.addEventListener("mousemove", function (event) {
    const option = event.target.closest("[role=option]");
    if (option && option !== chosen()) { choose(option); }
  });
  text.addEventListener("input", function () {
    enterWaits = false;
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, WAIT);
  });
  text.addEventListener("keydown", function (event) {
    if (event.isComposing) { return; }
    if (event.key === "ArrowDown") { step(1); }
    else if (event.key === "ArrowUp") { step(-1); }
    else if (event.key === "Enter") {
      if (shown === wanted()) { if (chosen()) { take(chosen(), event); } }
      else { enterWaits = true; ask(); }
    }
    else { return; }
    event.preventDefault();
    event.stopPropagation();
  });
})();
