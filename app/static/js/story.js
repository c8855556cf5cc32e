// The address bar follows the filter of a story, so that a reload and a sent link show the same.
(function () {
  "use strict";
  document.addEventListener("htmx:afterRequest", function (event) {
    const link = event.target.closest && event.target.closest(".story-kind");
    if (link && event.detail.successful) { window.history.replaceState(window.history.state, "", link.href); }
  });
})();
