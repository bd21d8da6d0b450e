// Runs before the first paint: says that scripts run, and sets the theme chosen earlier.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const choice = localStorage.getItem("theme");
    if (choice === "light" || choice === "dark") root.dataset.theme = choice;
  } catch {
    // Storage can be forbidden; the system's theme is a good answer then.
  }
})();
