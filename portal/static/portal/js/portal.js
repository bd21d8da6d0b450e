// What every page needs: menus that close, dialogs that open, toasts, and htmx manners.

// Menus: <details data-menu> closes on a click elsewhere and on Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// Dialogs: data-open="id" opens, data-close and a click on the backdrop close.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) document.getElementById(opener.dataset.open)?.showModal();
  else if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  else if (event.target instanceof HTMLDialogElement) event.target.close();
});

// Copy: data-copy="text" or data-copy-from="id of a field".
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  const text = button.dataset.copy ?? document.getElementById(button.dataset.copyFrom)?.value ?? "";
  await navigator.clipboard.writeText(text);
  if (button.dataset.copied) toast("success", button.dataset.copied);
});

// Remembered foldings: <details data-remember="name">, also those that htmx brings in.
function remember(details) {
  const key = `details:${details.dataset.remember}`;
  try {
    const kept = localStorage.getItem(key);
    if (kept !== null) details.open = kept === "open";
  } catch {
    // Without storage it starts as the page says.
  }
  details.addEventListener("toggle", () => {
    try {
      localStorage.setItem(key, details.open ? "open" : "closed");
    } catch {
      // See above.
    }
  });
}
document.querySelectorAll("details[data-remember]").forEach(remember);
document.addEventListener("htmx:load", (event) => {
  const root = event.detail.elt;
  if (root.matches?.("details[data-remember]")) remember(root);
  root.querySelectorAll?.("details[data-remember]").forEach(remember);
});

// Forms are sent once: a second press while the first is on its way does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
});

// data-submit-on-change: filters that apply themselves; without scripts their button stays.
document.addEventListener("change", (event) => {
  event.target.closest("form[data-submit-on-change]")?.requestSubmit();
});

const TOAST_MS = 6000;
const ICON_OF = { success: "circle-check", error: "octagon-alert", warning: "triangle-alert", info: "info" };

function toast(level, text) {
  const box = document.createElement("div");
  box.className = `flash flash--${level}`;
  const sprite = document.querySelector('use[href*="icons"]')?.getAttribute("href").split("#")[0];
  if (sprite) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${sprite}#${ICON_OF[level] ?? "info"}`);
    svg.append(use);
    box.append(svg);
  }
  const words = document.createElement("div");
  words.textContent = text;
  box.append(words);
  show(box);
}

function show(box) {
  const toasts = document.getElementById("toasts");
  if (box.parentElement !== toasts) toasts.append(box);
  setTimeout(() => box.remove(), TOAST_MS);
}

// A toast by HX-Trigger: {"toast": {"level": "success", "text": "…"}}.
document.addEventListener("toast", (event) => toast(event.detail.level ?? "info", event.detail.text));

// Toasts that an answer carried out of band.
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) if (node.nodeType === 1) show(node);
}).observe(document.getElementById("toasts"), { childList: true });

// A refusal names its own place on the page; it is an answer, not a failure.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Retarget")) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});
for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(name, () => {
    const words = JSON.parse(document.getElementById("portal-words").textContent);
    toast("error", name === "htmx:responseError" ? words.failures.server : words.failures.network);
  });
}
