// The board: a card moves by mouse, by its menu, by keys, or on a touch screen by its handle.
// Each move is a POST of the card's own form; the answer holds the card as it is then, so a refused one
// goes back to its place by itself.
(function () {
  "use strict";
  if (!document.getElementById("board")) { return; }
  const menu = document.getElementById("move-menu");
  const lose = document.getElementById("lose");
  let dragged = null;  // the card under way
  let chosen = null;   // the card whose menu or dialog is open
  let last = null;     // the id of the card that moved last, which Undo brings back

  // -- cards and columns

  // Other filters replace the board (list.js), so it is looked up each time.
  function board() { return document.getElementById("board"); }
  function cardOf(element) { return element && element.closest ? element.closest(".board-card") : null; }
  function columnOf(card) { return card.closest(".board-column"); }
  function columns() { return Array.from(board().querySelectorAll(".board-column")); }
  function cardsOf(column) { return Array.from(column.querySelectorAll(".board-card")); }
  function buttonOf(card) { return card.querySelector("button"); }
  function numberOf(card) { return card.id.slice(1); }

  function put(card, status) {
    const column = board().querySelector('.board-column[data-to="' + status + '"]');
    if (!column) { card.remove(); return; }
    const list = column.querySelector(".board-cards");
    const next = cardsOf(column).find(function (other) {
      return other !== card && other.dataset.order > card.dataset.order;
    });
    list.insertBefore(card, next || list.querySelector(".board-more"));
  }

  function focusOn(card) {
    if (!card) { return; }
    if (card.matches("li")) { card.tabIndex = -1; }
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function neighbour(card) {
    const cards = cardsOf(columnOf(card));
    const at = cards.indexOf(card);
    return cards[at + 1] || cards[at - 1] || null;
  }

  // -- moving

  function key() {
    const bytes = window.crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, function (byte) { return byte.toString(16).padStart(2, "0"); }).join("");
  }

  function ask(address, values) {
    const headers = { "X-Board": "card" };
    const options = { headers: headers, credentials: "same-origin" };
    if (values) {
      headers["X-CSRFToken"] = document.querySelector("meta[name=csrf-token]").content;
      options.method = "POST";
      options.body = new URLSearchParams(values);
    }
    return window.fetch(address, options).then(function (answer) { return answer.text(); });
  }

  function move(card, to, more) {
    const column = columnOf(card);
    if (!column || card.getAttribute("aria-busy") || column.dataset.to === to) { return; }
    if (to === "converted") {
      window.location.assign(menu.dataset.convert.replace("/0/", "/" + numberOf(card) + "/"));
      return;
    }
    if (to === "lost" && !more) { askWhy(card); return; }
    const home = { list: card.parentNode, next: card.nextElementSibling };
    const address = buttonOf(card).formAction.split("?")[0] + window.location.search;
    const aside = to === "lost" ? neighbour(card) : null;
    card.setAttribute("aria-busy", "true");
    if (to !== "lost") { put(card, to); focusOn(card); }
    ask(address, Object.assign({ form_key: key(), to: to, was: column.dataset.to }, more)).then(function (text) {
      last = numberOf(card);
      show(text, card, aside);
    }).catch(function () {
      card.removeAttribute("aria-busy");
      home.list.insertBefore(card, home.next);
      focusOn(card);
      window.crm.say(board().dataset.failed, "danger");
    });
  }

  // Puts what the server says in place: the card, the counts, the message.
  function show(text, card, aside) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const answer = page.querySelector("[data-board-answer]");
    if (!answer) { window.location.reload(); return; }
    answer.querySelectorAll("data").forEach(function (count) {
      document.querySelectorAll('[data-count="' + count.value + '"]').forEach(function (place) {
        place.textContent = count.textContent;
      });
    });
    const told = answer.querySelector("#status");
    const status = document.getElementById("status");
    if (told && told.children.length) { status.replaceChildren.apply(status, Array.from(told.children)); }
    allow(answer);
    const fresh = answer.querySelector(".board-card");
    const old = card || (fresh && document.getElementById(fresh.id));
    const held = !old || old.contains(document.activeElement) || document.activeElement === document.body;
    if (!fresh) {
      if (old) { old.remove(); }
      if (held) { focusOn(aside); }
      return;
    }
    if (old) { old.replaceWith(fresh); }
    put(fresh, answer.dataset.status);
    if (held) { focusOn(fresh); }
  }

  // -- the reason of a loss

  function askWhy(card) {
    if (!lose) { return; }
    chosen = card;
    const form = lose.querySelector("form");
    form.reset();
    lose.querySelector("select").required = true;
    document.getElementById("lose-name").textContent = card.querySelector("a").textContent;
    lose.returnValue = "";
    lose.showModal();
  }

  if (lose) {
    lose.addEventListener("close", function () {
      const card = chosen;
      chosen = null;
      if (!card) { return; }
      if (lose.returnValue === "lost") {
        move(card, "lost", {
          lost_reason: lose.querySelector("select").value, text: lose.querySelector("textarea").value
        });
      } else { focusOn(card); }
    });
  }

  // -- the menu of a card: one for all of them

  function openMenu(card) {
    if (!menu || !buttonOf(card)) { return; }
    chosen = card;
    const items = Array.from(menu.querySelectorAll("[data-move]"));
    items.forEach(function (item) { item.hidden = item.dataset.move === columnOf(card).dataset.to; });
    menu.showPopover();
    const place = buttonOf(card).getBoundingClientRect();
    const below = place.bottom + menu.offsetHeight + 4 < window.innerHeight;
    menu.style.left = Math.max(8, place.right - menu.offsetWidth) + "px";
    menu.style.top = Math.max(8, below ? place.bottom + 4 : place.top - menu.offsetHeight - 4) + "px";
    items.find(function (item) { return !item.hidden; }).focus();
  }

  if (menu) {
    menu.addEventListener("click", function (event) {
      const item = event.target.closest("[data-move]");
      const card = chosen;
      if (!item || !card) { return; }
      menu.hidePopover();
      focusOn(card);
      move(card, item.dataset.move);
    });
    menu.addEventListener("keydown", function (event) {
      const items = Array.from(menu.querySelectorAll("[data-move]:not([hidden])"));
      const at = items.indexOf(document.activeElement);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
      if (to !== undefined) {
        event.preventDefault();
        items[(to + items.length) % items.length].focus();
      } else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) {
        // A letter goes to the item that begins with it, and presses no key of the page.
        const letter = event.key.toLowerCase();
        const found = items.slice(at + 1).concat(items).find(function (item) {
          return item.textContent.trim().toLowerCase().startsWith(letter);
        });
        event.preventDefault();
        event.stopPropagation();
        if (found) { found.focus(); }
      } else if (event.key === "Tab" || event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        menu.hidePopover();
        focusOn(chosen);
      }
    });
  }
  document.addEventListener("submit", function (event) {
    const card = cardOf(event.submitter);
    if (card && event.target.id === "move") {
      event.preventDefault();
      openMenu(card);
    } else if (last && event.target.closest("#status")) {
      undo(event);
    }
  }, true);

  // Undo answers with a page of its own; its message is shown here and the card comes back.
  function undo(event) {
    event.preventDefault();
    event.stopPropagation();
    const number = last;
    const address = menu.dataset.card.replace("/0/", "/" + number + "/") + window.location.search;
    const form = event.target;
    window.fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) })
      .then(function (answer) { return answer.text(); })
      .then(function (text) {
        const told = new DOMParser().parseFromString(text, "text/html").querySelector("#status");
        const status = document.getElementById("status");
        if (told) { status.replaceChildren.apply(status, Array.from(told.children)); }
        last = null;
        return ask(address).then(function (card) { show(card, document.getElementById("c" + number), null); });
      })
      .catch(function () { window.crm.say(board().dataset.failed, "danger"); });
  }

  // -- by mouse

  function mark(target) {
    document.querySelectorAll(".is-target").forEach(function (one) {
      if (one !== target) { one.classList.remove("is-target"); }
    });
    if (target) { target.classList.add("is-target"); }
  }

  function begin(card) {
    dragged = card;
    card.classList.add("is-dragged");
    document.body.classList.add("board-dragging");
  }

  function end() {
    if (dragged) { dragged.classList.remove("is-dragged"); }
    dragged = null;
    document.body.classList.remove("board-dragging");
    mark(null);
  }

  // Draggable by a mouse only: a finger that touches a card scrolls. Set before the card is pressed, for
  // the browser goes by the style of that moment.
  function allow(within) {
    const mouse = window.matchMedia("(any-pointer: fine)").matches;
    within.querySelectorAll(".board-card").forEach(function (card) { card.draggable = mouse && buttonOf(card) !== null; });
  }

  allow(document);
  document.addEventListener("crm:load", function () { allow(document); });
  document.addEventListener("htmx:afterSettle", function () { allow(document); });
  document.addEventListener("pointerover", function (event) {
    const card = event.pointerType === "mouse" ? cardOf(event.target) : null;
    if (card && buttonOf(card)) { card.draggable = true; }
  });
  document.addEventListener("pointerdown", function (event) {
    const card = cardOf(event.target);
    if (!card || !buttonOf(card) || event.pointerType === "mouse") { return; }
    card.draggable = false;
    if (event.target.closest(".grip")) { carry(card, event); }
  });
  document.addEventListener("dragstart", function (event) {
    const card = cardOf(event.target);
    if (!card || !card.draggable) { return; }
    event.dataTransfer.setData("text/plain", card.querySelector("a").textContent);
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setDragImage(card, 20, 20);
    begin(card);
  });
  document.addEventListener("dragover", function (event) {
    const target = dragged && event.target.closest ? event.target.closest("[data-to]") : null;
    mark(target);
    if (target) {
      event.preventDefault();
      event.dataTransfer.dropEffect = "move";
    }
  });
  document.addEventListener("drop", function (event) {
    const target = dragged && event.target.closest ? event.target.closest("[data-to]") : null;
    if (!target) { return; }
    event.preventDefault();
    const card = dragged;
    end();
    move(card, target.dataset.to);
  });
  document.addEventListener("dragend", end);

  // -- by touch or pen: the handle is carried, everywhere else a finger scrolls as usual

  function carry(card, event) {
    const grip = event.target.closest(".grip");
    const ghost = card.cloneNode(true);
    let target = null;
    event.preventDefault();
    ghost.removeAttribute("id");
    ghost.className = "board-card board-ghost";
    ghost.style.width = card.offsetWidth + "px";
    begin(card);
    document.body.appendChild(ghost);
    grip.setPointerCapture(event.pointerId);

    function follow(moved) {
      ghost.style.transform = "translate(" + (moved.clientX - 20) + "px," + (moved.clientY - 20) + "px)";
      const below = document.elementFromPoint(moved.clientX, moved.clientY);
      target = below && below.closest("[data-to]");
      mark(target);
      if (moved.clientY < 60) { window.scrollBy(0, -12); }
      if (moved.clientX < 24) { board().scrollBy(-12, 0); }
      if (moved.clientX > window.innerWidth - 24) { board().scrollBy(12, 0); }
    }
    function drop(ended) {
      grip.removeEventListener("pointermove", follow);
      grip.removeEventListener("pointerup", drop);
      grip.removeEventListener("pointercancel", drop);
      ghost.remove();
      end();
      if (ended.type === "pointerup" && target) { move(card, target.dataset.to); }
    }
    grip.addEventListener("pointermove", follow);
    grip.addEventListener("pointerup", drop);
    grip.addEventListener("pointercancel", drop);
    follow(event);
  }

  // -- by keys

  function beside(card, step) {
    const all = columns();
    const place = cardsOf(columnOf(card)).indexOf(card);
    for (let at = all.indexOf(columnOf(card)) + step; all[at]; at += step) {
      const cards = cardsOf(all[at]);
      if (cards.length) { return cards[Math.min(place, cards.length - 1)]; }
    }
    return card;
  }

  function along(card, step) {
    if (!card) { return board().querySelector(".board-card"); }
    const cards = cardsOf(columnOf(card));
    const at = cards.indexOf(card) + step;
    return cards[at] || (step > 0 ? columnOf(card).querySelector(".board-more a") : card);
  }

  // Letters are keys.js's: J and K walk the cards, S presses #move-key.
  const opener = document.getElementById("move-key");
  if (opener) {
    opener.addEventListener("click", function () {
      const card = cardOf(document.activeElement);
      if (card) { openMenu(card); } else { focusOn(along(null, 1)); }
    });
  }

  document.addEventListener("keydown", function (event) {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) { return; }
    const card = cardOf(event.target);
    if (!card) { return; }
    let to = null;
    if (event.key === "ArrowDown") { to = along(card, 1); }
    else if (event.key === "ArrowUp") { to = along(card, -1); }
    else if (event.key === "ArrowRight") { to = beside(card, 1); }
    else if (event.key === "ArrowLeft") { to = beside(card, -1); }
    else if (event.target !== card) { return; }
    else if (event.key === " ") { openMenu(card); }
    else if (event.key === "Enter") { card.querySelector("a").click(); }
    else { return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    focusOn(to);
  }, true);

  // -- "Load more": the focus goes to the first card that came

  document.addEventListener("htmx:beforeSwap", function (event) {
    const more = event.detail.target;
    if (!more || !more.classList || !more.classList.contains("board-more")) { return; }
    const text = event.detail.xhr.responseText;
    if (text.indexOf("<html") >= 0) { event.detail.shouldSwap = false; window.location.reload(); return; }
    const came = Array.from(new DOMParser().parseFromString(text, "text/html").querySelectorAll(".board-card"));
    // What was moved here before, or by a colleague meanwhile, must not stand there twice.
    came.forEach(function (card) {
      const old = document.getElementById(card.id);
      if (old) { old.remove(); }
    });
    const before = more.previousElementSibling;
    const next = came.length ? came[0].id : before && before.id;
    document.addEventListener("htmx:afterSettle", function () { focusOn(document.getElementById(next)); }, { once: true });
  });
})();
