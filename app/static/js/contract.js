// Signing, completing and terminating ask in a dialog: the form of the act's own page, brought here by htmx.
// Cancel has the focus, for none of these acts can be undone.
(function () {
  "use strict";
  const dialog = function () { return document.getElementById("act-dialog"); };
  document.addEventListener("htmx:afterSwap", function (event) {
    if (event.detail.target.id !== "act-body") { return; }
    const body = event.detail.target;
    const address = event.detail.pathInfo.requestPath;
    const act = body.querySelector("#act");
    if (!act || !dialog().showModal) { window.location.assign(address); return; }
    const title = body.querySelector("h1");
    const heading = document.createElement("h2");
    heading.id = "act-title";
    heading.textContent = title.textContent;
    title.replaceWith(heading);
    body.querySelectorAll("form:not([action])").forEach(function (form) { form.action = address; });
    const cancel = body.querySelector(".crm-bar a.btn");
    if (cancel) { cancel.dataset.close = ""; }
    if (!dialog().open) { dialog().showModal(); }
    dialog().addEventListener("close", function () { body.replaceChildren(); }, { once: true });
    if (cancel) { cancel.focus(); }
  });
  document.addEventListener("htmx:responseError", function (event) {
    const link = event.target.closest && event.target.closest("[data-act]");
    if (link) { window.location.assign(link.href); }
  });
})();
