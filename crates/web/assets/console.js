// What pages gain where scripts run. Every page works without this file.

// "/" goes to the search box, unless somebody is typing or a modifier is held.
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  const at = event.target;
  if (at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement || at instanceof HTMLSelectElement) return;
  const box = document.getElementById("q-main") ?? document.getElementById("q");
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
});

// A copy button beside each command line and each value that offers itself. The text comes from the element, never
// from an attribute.
const copyButtons = (root) => {
  if (!navigator.clipboard) return;
  for (const line of root.querySelectorAll("[data-copy]:not([data-copy-ready])")) {
    line.setAttribute("data-copy-ready", "");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy " + (line.getAttribute("data-copy") || "text"));
    const source = line.querySelector("code, bdi, pre") ?? line;
    const text = source.textContent;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Not allowed";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    line.append(button);
  }
};

// The reader's own time beside UTC, when the pointer rests on an instant.
const localTimes = (root) => {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
  for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
    const at = new Date(time.getAttribute("datetime"));
    if (!Number.isNaN(at.getTime())) time.title = format.format(at);
  }
};

// A file can be read into a text field; without this it is pasted.
const fileButtons = (root) => {
  for (const field of root.querySelectorAll("textarea[data-open-file]:not([data-ready])")) {
    field.setAttribute("data-ready", "");
    const file = document.createElement("input");
    file.type = "file";
    file.id = field.id + "-file";
    const label = document.createElement("label");
    label.htmlFor = file.id;
    label.textContent = "Or read it from a file";
    file.addEventListener("change", async () => {
      const chosen = file.files?.[0];
      if (chosen && chosen.size <= 524288) field.value = await chosen.text();
    });
    field.after(label, file);
  }
};

const dress = (root) => {
  copyButtons(root);
  fileButtons(root);
  localTimes(root);
};

dress(document);
// Parts that htmx brought later.
addEventListener("htmx:after:swap", () => dress(document));

// All details are open on paper.
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details:not([open])")) {
    part.setAttribute("open", "");
    part.setAttribute("data-print", "");
  }
});
addEventListener("afterprint", () => {
  for (const part of document.querySelectorAll("details[data-print]")) {
    part.removeAttribute("open");
    part.removeAttribute("data-print");
  }
});
