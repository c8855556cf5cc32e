// The address bar follows the filter of a story, so that a reload and a sent link show the same.
(function () {
  "use strict";
  document.addEventListener("htmx:afterRequest", function (event) {
    const link = event.detail.requestConfig && event.detail.requestConfig.elt; // it is replaced by then
    if (!event.detail.successful || !link || !link.matches(".story-kind")) { return; }
    const address = new URL(link.href);
    address.hash = "";
    window.history.replaceState(window.history.state, "", address);
  });
})();
