// The trigger form: offer only the comparisons a field has, and the values that are known for it.
// Without this script every comparison can be chosen and the server says what does not fit.

const data = document.getElementById("trigger-hints");
const sheet = document.querySelector("[data-trigger-sheet]");

if (data && sheet) {
  const hints = JSON.parse(data.textContent);
  const fieldOfAction = {
    set_queue: "queue",
    set_severity: "severity",
    add_tag: "tag",
    assign: "assignee",
    notify: "notify",
  };

  const listFor = (field) => {
    const known = hints.values[field];
    if (!known) return "";
    const id = `known-${field}`;
    if (!document.getElementById(id)) {
      const list = document.createElement("datalist");
      list.id = id;
      list.append(...known.map((value) => new Option(value, value)));
      sheet.append(list);
    }
    return id;
  };

  const offer = (row) => {
    const chosen = row.querySelector("select[name$='-field'], select[name$='-do']");
    const value = row.querySelector("input[name$='-value']");
    const ops = row.querySelector("select[name$='-op']");
    const field = chosen.name.endsWith("-do") ? fieldOfAction[chosen.value] : chosen.value;
    if (ops) {
      const usable = hints.ops[field] ?? Object.keys(hints.opWords);
      for (const option of ops.options) {
        option.hidden = option.disabled = !usable.includes(option.value);
      }
      if (ops.selectedOptions[0]?.disabled) ops.value = usable[0];
    }
    const list = listFor(field);
    if (list) value.setAttribute("list", list);
    else value.removeAttribute("list");
  };

  for (const row of sheet.querySelectorAll("[data-trigger-row]")) {
    offer(row);
    row.addEventListener("change", () => offer(row));
  }
}
