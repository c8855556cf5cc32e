// The frame: menus that close, dialogs that open, messages that stay, and forms posted in place.
(function () {
  "use strict";
  const status = function () { return document.getElementById("status"); };

  // -- menus (<details class="menu">) and dialogs
  document.addEventListener("click", function (event) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) { menu.open = false; }
    });
    const opener = event.target.closest("[data-open]");
    if (opener) {
      const dialog = document.querySelector(opener.dataset.open);
      if (dialog && !dialog.open) {
        event.preventDefault();
        const menu = opener.closest("details.menu");
        if (menu) { menu.open = false; }
        dialog.showModal();
        dialog.dispatchEvent(new CustomEvent("crm:open"));
      }
    }
    const closer = event.target.closest("[data-close]");
    if (closer && closer.closest("dialog")) { event.preventDefault(); closer.closest("dialog").close(); }
    if (event.target.closest("[data-dismiss]")) { event.target.closest(".told").remove(); }
    const copier = event.target.closest("[data-copy]");
    if (copier && navigator.clipboard) {
      navigator.clipboard.writeText(copier.dataset.copy).then(function () { say(copier.dataset.copied || copier.dataset.copy); });
    }
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") { return; }
    const menu = event.target.closest && event.target.closest("details.menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  // -- <form data-confirm="Really?"> (or its button) asks first
  document.addEventListener("submit", function (event) {
    const form = event.target;
    const words = (event.submitter && event.submitter.dataset.confirm) || form.dataset.confirm;
    if (!words || form.dataset.sure) { return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    const dialog = document.getElementById("confirm-dialog");
    const button = event.submitter;
    dialog.querySelector("#confirm-words").textContent = words;
    dialog.querySelector("[data-confirmed]").onclick = function () {
      dialog.close();
      form.dataset.sure = "yes";
      form.requestSubmit(button);
      delete form.dataset.sure;
    };
    dialog.showModal();
  }, true);

  // -- messages: a live region speaks only of what changes in it
  function say(text, kind) {
    const line = document.createElement("div");
    const words = document.createElement("span");
    line.className = "told told-" + (kind || "info");
    words.className = "told-text";
    words.textContent = text;
    line.appendChild(words);
    status().replaceChildren(line);
  }
  window.crm = { say: say };
  document.addEventListener("DOMContentLoaded", function () {
    const region = status();
    if (region && region.children.length) {
      const told = Array.from(region.children);
      region.replaceChildren();
      window.setTimeout(function () { region.replaceChildren.apply(region, told); }, 60);
    }
  });

  // -- forms posted in place: <form data-swap="#part"> replaces that part by the one of the page that answers
  if (!window.htmx) { return; }
  function prepare(form) {
    if (form.hasAttribute("hx-post")) { return; }
    const part = form.dataset.swap;
    form.setAttribute("hx-post", form.getAttribute("action") || window.location.href);
    form.setAttribute("hx-target", part);
    form.setAttribute("hx-select", part);
    const also = (form.dataset.swapAlso || "").split(" ").filter(Boolean).map(function (id) { return id + ":outerHTML"; });
    form.setAttribute("hx-select-oob", ["#status:innerHTML"].concat(also).join(","));
    form.setAttribute("hx-swap", "outerHTML");
    form.setAttribute("hx-disabled-elt", "find button");
    form.setAttribute("hx-disinherit", "*"); // a button inside with a request of its own
  }
  window.htmx.onLoad(function (root) {
    const within = Array.from(root.querySelectorAll ? root.querySelectorAll("form[data-swap]") : []);
    if (root.matches && root.matches("form[data-swap]")) { within.push(root); }
    within.forEach(function (form) {
      if (!form.hasAttribute("hx-post") && form.querySelector("[type=file]") === null) { prepare(form); window.htmx.process(form); }
    });
  });
  document.addEventListener("htmx:configRequest", function (event) {
    const token = document.querySelector("meta[name=csrf-token]");
    if (token) { event.detail.headers["X-CSRFToken"] = token.content; }
  });
  document.addEventListener("htmx:beforeSwap", function (event) {
    const detail = event.detail;
    const form = detail.requestConfig && detail.requestConfig.elt && detail.requestConfig.elt.closest("form[data-swap]");
    if (!form) { return; }
    const page = new DOMParser().parseFromString(detail.xhr.responseText, "text/html");
    const there = page.querySelector(form.dataset.swap);
    if (there) {
      detail.shouldSwap = true;
      detail.isError = false;
      if (page.title) { document.title = page.title; }
      const token = page.querySelector("meta[name=csrf-token]");
      if (token) { document.querySelector("meta[name=csrf-token]").content = token.content; }
      const dialog = form.closest("dialog");
      if (dialog) { dialog.close(); }
      return;
    }
    // The answer is another page: an error with the kept values, or the next record.
    detail.shouldSwap = false;
    if (detail.xhr.status < 400 && detail.xhr.responseURL) { window.location.assign(detail.xhr.responseURL); return; }
    const main = page.querySelector("#main");
    if (main) {
      document.getElementById("main").replaceWith(main);
      window.htmx.process(main);
      main.querySelectorAll("form[action='']").forEach(function (f) { f.action = detail.xhr.responseURL; });
      main.querySelectorAll("form:not([action])").forEach(function (f) { f.action = detail.xhr.responseURL; });
      (main.querySelector("[data-focus]") || main).focus();
    } else {
      const words = page.querySelector("[data-sentence]") || page.querySelector("h1");
      say(words ? words.textContent : String(detail.xhr.status), "danger");
    }
  });
  document.addEventListener("htmx:sendError", function (event) {
    const words = document.body.dataset.offline;
    say(words || "Offline", "danger");
    event.preventDefault();
  });
})();
