// The button that begins a demo anew, and its key: R, wherever the focus is, while the demo is the
// one that is seen. The window hears the key before JupyterLab does, to which R means something.
const KEY = "r";

function seen(element) {
  const box = element.getBoundingClientRect();
  const tall = Math.min(box.bottom, window.innerHeight) - Math.max(box.top, 0);
  const wide = Math.min(box.right, window.innerWidth) - Math.max(box.left, 0);
  return tall > 0 && wide > 0 ? tall * wide : 0;
}

function writing(element) {
  return element.closest?.("input:not([type=range]), textarea, select, [contenteditable=true]");
}

function render({ model, el }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "medseg-reset";
  button.textContent = "Begin anew (R)";
  button.setAttribute("aria-keyshortcuts", "R");
  const reset = () => model.send({ reset: true });
  button.addEventListener("click", reset);
  el.append(button);
  const own = () => el.closest(".medseg-lecture") ?? el;
  const pressed = (event) => {
    if (event.key.toLowerCase() !== KEY || event.ctrlKey || event.metaKey || event.altKey) return;
    if (writing(event.target)) return;
    const demos = [...document.querySelectorAll(".medseg-lecture")];
    const largest = demos.reduce((best, demo) => (seen(demo) > seen(best) ? demo : best), own());
    if (largest !== own() || !seen(largest)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    reset();
  };
  window.addEventListener("keydown", pressed, true);
  return () => window.removeEventListener("keydown", pressed, true);
}
export default { render };
